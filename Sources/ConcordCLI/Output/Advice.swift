import Concord
import Foundation

/// What errors of the library say on the command line: their facts, with the options and commands that help.
enum Advice {
    /// - Returns: nil for errors that need no words of the command line.
    static func text(for error: any Error) -> String? {
        switch error {
        case let error as RecipeError: text(for: error)
        case TrainingError.noMatch(let pattern, InitialWeights.purpose, let nearest):
            TrainingError.noMatch(
                pattern: pattern, purpose: "\(InitialWeights.purpose) (--init-only)", nearest: nearest
            ).description
        case DatasetError.tooManyBadSamples(_, _, let bad, let tried, _) where bad < tried:
            withKeys("\(error)")
        case TokenizerError.sentencePiece:
            "\(error); `concord tokenizer train --kind bpe` makes a tokenizer from text"
        default: nil
        }
    }

    /// Names the settings of the limit that was passed.
    private static func withKeys(_ text: String) -> String {
        guard let place = text.range(of: " may be: ") else { return text }
        return text.replacingCharacters(in: place, with: " may be (data.bad_fraction; of files --bad-limit): ")
    }

    private static func text(for error: RecipeError) -> String? {
        switch error {
        case .override(let text, let key, let message):
            "--set \(text): \(key.isEmpty || text.hasPrefix(key + "=") ? "" : key + ": ")\(message)"
        case .runExists: "\(error); go on with --resume or give another --out"
        case .nothingToResume: "\(error); start it without --resume"
        case .noCheckpoint: "\(error); train it first, or go on with --resume"
        case .otherRecipe(let difference): "--resume: \(difference); set it back, or train into another --out"
        case .runIsLonger: "--resume: \(error); ask for more, or train into another --out"
        case .otherData(let run, let difference):
            "\(difference); to go on with \(run), put the data back; to train on these from its weights, start another "
                + "run (--init \(run) --out ANOTHER)"
        case .otherTokenizer(let path, let reason, let others):
            "\(path): \(reason). Give the recipe that tokenizer, "
                + (others.isEmpty
                    ? ""
                    : "take over other parts alone ("
                        + others.map { "--init-only '\($0).*'" }.joined(separator: " ") + "), ")
                + "or take the text encoder all the same (--init-any-tokenizer)"
        case .notADirectory:
            "\(error); --data is the directory that the recipe's data paths start from (data.path names the file)"
        case .notAnIndex: "\(error); `concord embed` writes one"
        case .noMaskToken: "\(error); `concord tokenizer train` makes one that has"
        case .unknownWords(let sentence, let limit):
            "\(sentence); more than data.unknown_limit \(limit). Train a tokenizer on these texts "
                + "(`concord tokenizer train --kind bpe --out tokenizer.json FILES`, then tokenizer: tokenizer.json), "
                + "or take tokenizer: english-bpe, to which no text is unknown"
        case .invalid, .unreadable, .unknownRecipe, .notARun, .data: nil
        }
    }
}

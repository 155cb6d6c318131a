import ConcordFiles
import ConcordLayers

/// What is wrong with a tokenizer's file or with the text to train one on.
public enum TokenizerError: Error, Hashable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file cannot be written.
    case unwritable(path: String, reason: String)
    /// Neither a file nor a built-in tokenizer.
    case unknown(name: String)
    /// Lower case or accents were chosen for a byte-level BPE, which keeps text as it is.
    case keepsText(name: String)
    /// A model of another kind, which is not read.
    case sentencePiece(path: String)
    /// `line` counts from 1; nil where the fault has no line of its own.
    case malformed(path: String, line: Int?, problem: String)
    /// The requested vocabulary has no room for what it must hold: special tokens, and characters that `alphabetLimit`
    /// may reduce (of a byte-level BPE 256 bytes, nil).
    case sizeTooSmall(size: Int, needed: Int, alphabetLimit: Int?)
    /// The requested vocabulary is larger than ids reach.
    case sizeTooLarge(size: Int, limit: Int)
    /// The files to train on hold no word.
    case noText(paths: [String])

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .malformed(let path, let line, let problem): "\(path)\(line.map { ":\($0)" } ?? ""): \(problem)"
        case .sentencePiece(let path): "\(path): a SentencePiece model, which is not read"
        case .unknown(let name):
            "\(name): neither a file nor a built-in "
                + "tokenizer\(NearestName.hint(for: name, among: Tokenizers.builtIn)); "
                + "built in are \(Tokenizers.builtIn.joined(separator: ", "))"
        case .keepsText(let name):
            "\(name): a byte-level BPE keeps case and accents as they are; only WordPiece tokenizers change them"
        case .sizeTooSmall(let size, let needed, let limit):
            if let limit {
                "a vocabulary of \(size) has no room for its special tokens and characters: it needs at least "
                    + "\(needed), or an alphabet limit "
                    + (limit > 0 ? "of at most \(limit) characters" : "and a size of at least 6")
            } else {
                """
                a byte-level vocabulary of \(size) has no room for its special tokens and the 256 bytes: it needs \
                at least \(needed)
                """
            }
        case .sizeTooLarge(let size, let limit): "a vocabulary of \(size) is too large: \(limit) at most"
        case .noText(let paths):
            paths.isEmpty
                ? "no text to train a tokenizer on"
                : "no text to train a tokenizer on in \(paths.joined(separator: ", "))"
        }
    }
}

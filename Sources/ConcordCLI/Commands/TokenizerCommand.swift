import ArgumentParser
import Concord
import ConcordFiles
import ConcordTokenizers
import Foundation

struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Trains a tokenizer on text files, and shows what one makes of a text.",
        subcommands: [Train.self, Encode.self, Decode.self])

    enum Kind: String, ExpressibleByArgument, CaseIterable { case wordpiece, bpe }

    /// The tokenizer that a command uses, and how it handles case and accents.
    struct Choice: ParsableArguments {
        @Option(help: "A tokenizer's file, english-wordpiece or english-bpe.") var tokenizer = "english-wordpiece"
        @Flag(help: "Keep upper case (WordPiece); accents are then kept too, unless --strip-accents.") var cased = false
        @Flag(help: "Make text lower case (WordPiece), whatever the file states.") var uncased = false
        @Flag(help: "Keep accents and vowel signs (WordPiece).") var keepAccents = false
        @Flag(help: "Strip accents and vowel signs (WordPiece).") var stripAccents = false

        func validate() throws {
            if cased && uncased { throw ValidationError("give --cased or --uncased, not both") }
            if keepAccents && stripAccents { throw ValidationError("give --keep-accents or --strip-accents, not both") }
        }

        /// Says on standard error what had to be guessed.
        func load() throws -> any Tokenizer {
            let tokenizer = try Tokenizers.named(
                self.tokenizer, lowercase: cased ? false : uncased ? true : nil,
                stripsAccents: keepAccents ? false : stripAccents ? true : nil)
            if let guess = tokenizer.guessedNormalization {
                warn(
                    "\(self.tokenizer): \(guess), guessed from its tokens; --cased or --uncased, --keep-accents or "
                        + "--strip-accents "
                        + "set it")
            }
            return tokenizer
        }
    }

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a vocabulary from text files.",
            discussion:
                "A WordPiece vocabulary in FILE.txt has FILE.config.json beside it, which states how case and accents "
                + "are "
                + "handled; in a file of another ending both are one JSON object.")

        @Option(help: "wordpiece (a vocab.txt) or bpe (byte-level, a JSON file; no text is unknown to it).") var kind =
            Kind.wordpiece
        @Option(help: "Number of ids, special ones included.") var size = 8192
        @Option(help: "Pairs that are rarer do not become a token.") var minFrequency = 2
        @Option(help: "The most characters of a WordPiece vocabulary, the most frequent ones.") var alphabetLimit = 1000
        @Flag(help: "Keep upper case (WordPiece); accents are then kept too, unless --strip-accents.") var cased = false
        @Flag(help: "Keep accents and vowel signs (WordPiece): needed for Hindi, Thai, Arabic and others.")
        var keepAccents = false
        @Flag(help: "Strip accents although --cased.") var stripAccents = false
        @Option(help: "The file to write.") var out: String
        @Argument(help: "UTF-8 text files; - is standard input.") var files: [String]

        func validate() throws {
            if keepAccents && stripAccents { throw ValidationError("give --keep-accents or --strip-accents, not both") }
            if kind == .bpe, cased || keepAccents || stripAccents {
                throw ValidationError(
                    "--cased, --keep-accents and --strip-accents are WordPiece's; a byte-level BPE keeps text as it is")
            }
            guard size > 0 else { throw ValidationError("--size wants 1 or more, not \(size)") }
            guard minFrequency > 0 else {
                throw ValidationError("--min-frequency wants 1 or more, not \(minFrequency)")
            }
            guard alphabetLimit > 0 else {
                throw ValidationError("--alphabet-limit wants 1 or more, not \(alphabetLimit)")
            }
        }

        func run() throws {
            let named = files.map { $0 == "-" ? "/dev/stdin" : $0 }
            let texts = try TextFiles(named, root: ""), paths = texts.paths
            if !texts.leftOut.isEmpty {
                let files = texts.leftOut.count == 1 ? "1 file" : "\(texts.leftOut.count) files"
                warn("\(files) left out by name, which does not end in .txt; the first is \(texts.leftOut[0])")
            }
            if paths.count > named.count { warn("\(paths.count) files") }
            let outputs = kind == .wordpiece ? WordPieceTokenizer.files(writtenTo: out) : [out]
            for output in outputs {
                do throws(FileError) { try OutputPath.requireDistinct(output, from: paths) } catch {
                    throw TokenizerError.unwritable(path: output, reason: error.reason)
                }
            }
            try TokenizerCommand.check(
                paths, stripsAccents: kind == .wordpiece && !keepAccents && (!cased || stripAccents))
            let tokenizer: any Tokenizer
            do {
                switch kind {
                case .wordpiece:
                    let normalization = BERTNormalization(
                        lowercase: !cased, stripsAccents: keepAccents ? false : stripAccents ? true : nil)
                    tokenizer = try WordPieceTrainer(
                        size: size, minimumFrequency: minFrequency, alphabetLimit: alphabetLimit,
                        normalization: normalization
                    ).train(files: paths)
                case .bpe: tokenizer = try BPETrainer(size: size, minimumFrequency: minFrequency).train(files: paths)
                }
            } catch let TokenizerError.sizeTooSmall(size, needed, limit) {
                let way =
                    limit.map { $0 > 0 ? ", --alphabet-limit \($0) or less, or --kind bpe" : "" } ?? ""
                throw TokenizerCommandError(
                    "--size \(size) has no room for the special tokens and characters: --size \(needed) or more\(way)")
            }
            try tokenizer.write(to: out)
            let normalization = (tokenizer as? WordPieceTokenizer).map { "; \($0.normalization)" } ?? ""
            print("\(tokenizer.vocabulary.size) ids in \(out)\(normalization)")
        }
    }

    /// Refuses other encodings, and says which bytes are not UTF-8; a pipe can be read only once.
    private static func check(_ paths: [String], stripsAccents: Bool) throws {
        var hasVowelSigns = false
        for path in paths where FileIdentity(ofFile: path) != nil {
            let lines: TextLines
            do { lines = try TextLines(path) } catch DatasetError.emptyFile {
                if paths.count > 1 { warn("\(path): no text") }
                continue
            }
            if stripsAccents, !hasVowelSigns, let word = lines.lazy.compactMap(wordWithVowelSigns).first {
                hasVowelSigns = true
                warn(
                    """
                    \(path): the vowel signs of words such as “\(word)” are stripped like accents; --keep-accents \
                    keeps them
                    """
                )
            }
            guard let first = lines.repairedLines.first else { continue }
            warn(
                "\(path):\(first): not UTF-8, is the file in another encoding? "
                    + "\(lines.repairedCount) of \(lines.count) lines have U+FFFD in place of what is broken")
        }
    }

    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the ids and the subwords of texts; of standard input's lines without any.",
            discussion:
                "With --json a text is one object a line: ids, tokens, and offsets, each token's first character and "
                + "the one after "
                + "its last, counted in Unicode code points of the text as Hugging Face's offsets in Python are.")

        @OptionGroup var choice: Choice
        @Flag(help: "Names of special tokens in the text, such as [MASK], become these tokens.") var special = false
        @Flag(help: "One JSON object a text, with offsets.") var json = false
        @Argument var texts: [String] = []

        func run() throws {
            let tokenizer = try choice.load()
            func show(_ text: String) {
                let subwords = tokenizer.aligned(text, special: special ? .parsed : .plain), ids = subwords.map(\.id)
                let tokens = tokenizer.tokens(ids)
                guard json else {
                    return print(ids.map(String.init).joined(separator: " ") + "\t" + tokens.joined(separator: " "))
                }
                let offsets = subwords.map { "[\($0.characters.lowerBound), \($0.characters.upperBound)]" }
                print(
                    "{\"text\": \(JSONText.quoted(text)), \"ids\": [\(ids.map(String.init).joined(separator: ", "))], "
                        + "\"tokens\": [\(tokens.map(JSONText.quoted).joined(separator: ", "))], "
                        + "\"offsets\": [\(offsets.joined(separator: ", "))]}")
            }
            texts.forEach(show)
            if texts.isEmpty { while let line = readLine() { show(line) } }
        }
    }

    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the text of ids.")

        @OptionGroup var choice: Choice
        @Argument var ids: [Int]

        func run() throws {
            let tokenizer = try choice.load(), size = tokenizer.vocabulary.size
            if let wrong = ids.first(where: { !(0..<size).contains($0) }) {
                throw TokenizerCommandError("\(wrong) is no id: the tokenizer has ids 0 to \(size - 1)")
            }
            print(tokenizer.decode(ids.map(Int32.init)))
        }
    }
}

extension TokenizerCommand {
    /// The first word with marks that are letters of a script (Hebrew, Arabic, Hindi, Thai …) rather than accents of
    /// one.
    private static func wordWithVowelSigns(_ line: String) -> String? {
        guard line.utf8.contains(where: { $0 >= 0xD6 }) else { return nil }
        return line.split(separator: " ").first { word in
            word.unicodeScalars.contains {
                (0x0590..<0x1AB0).contains($0.value) && $0.properties.generalCategory == .nonspacingMark
            }
        }.map(String.init)
    }
}

/// What is wrong with a command's values, in one line; exit status 1.
struct TokenizerCommandError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A line on standard error that is no failure.
func warn(_ message: String) { StandardError.line("note: \(message)") }

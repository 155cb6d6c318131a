import ArgumentParser
import Concord

struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Trains a tokenizer on text files, and shows what one makes of a text.",
        subcommands: [Train.self, Encode.self, Decode.self])

    enum Kind: String, ExpressibleByArgument, CaseIterable { case wordpiece, bpe }

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a vocabulary from text files.")

        @Option(help: "wordpiece (a vocab.txt) or bpe (byte-level, a JSON file).") var kind = Kind.wordpiece
        @Option(help: "Number of ids, special ones included.") var size = 8192
        @Option(help: "The file to write.") var out: String
        @Argument(help: "UTF-8 text files.") var files: [String]

        func run() throws {
            let tokenizer: any Tokenizer
            switch kind {
            case .wordpiece: tokenizer = try WordPieceTrainer(size: size).train(files: files)
            case .bpe: tokenizer = try BPETrainer(size: size).train(files: files)
            }
            try tokenizer.write(to: out)
            print("\(tokenizer.vocabulary.size) ids in \(out)")
        }
    }

    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the ids and the pieces of texts; of standard input's lines without any.")

        @Option(help: "A tokenizer's file, english-wordpiece or english-bpe.") var tokenizer = "english-wordpiece"
        @Argument var texts: [String] = []

        func run() throws {
            let tokenizer = try named(self.tokenizer)
            func show(_ text: String) {
                let ids = tokenizer.encode(text)
                print(ids.map(String.init).joined(separator: " ") + "\t" + tokenizer.tokens(ids).joined(separator: " "))
            }
            texts.forEach(show)
            if texts.isEmpty { while let line = readLine() { show(line) } }
        }
    }

    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the text of ids.")

        @Option(help: "A tokenizer's file, english-wordpiece or english-bpe.") var tokenizer = "english-wordpiece"
        @Argument var ids: [Int32]

        func run() throws { print(try named(self.tokenizer).decode(ids)) }
    }

    static func named(_ name: String) throws -> any Tokenizer {
        switch name {
        case "english-wordpiece": WordPieceTokenizer.english()
        case "english-bpe": BPETokenizer.english()
        default: try Tokenizers.load(name)
        }
    }
}

private func named(_ name: String) throws -> any Tokenizer { try TokenizerCommand.named(name) }

import ConcordFiles
import FoundationEssentials

/// What is known of a vocabulary's normalization before its tokens are looked at.
struct Normalizing {
    var lowercase: Bool?
    var stripsAccents: Bool?

    /// Accents alone may be left open: they follow the case.
    var isComplete: Bool { lowercase != nil }

    /// Takes from another source what is open here.
    func completed(by other: Normalizing) -> Normalizing {
        guard lowercase == nil else { return self }
        return Normalizing(lowercase: other.lowercase, stripsAccents: stripsAccents ?? other.stripsAccents)
    }

    /// What is still open follows from the tokens.
    func resolved(for tokens: [String]) -> BERTNormalization {
        if let lowercase { return BERTNormalization(lowercase: lowercase, stripsAccents: stripsAccents) }
        var guess = BERTNormalization(guessedFrom: tokens)
        if let stripsAccents { guess.stripsAccents = stripsAccents }
        return guess
    }
}

/// Concord's own form of a WordPiece tokenizer: one JSON object.
///
///     {"type": "wordpiece", "version": 1, "lowercase": true, "strip_accents": true, "vocabulary": ["[PAD]", …, "##ing"]}
private struct WordPieceFile: Decodable {
    var type: String
    var version: Int
    var lowercase: Bool
    var strip_accents: Bool
    var vocabulary: [String]
}

/// The keys of Hugging Face's `tokenizer_config.json` that say how a `vocab.txt` is to be used.
private struct VocabularyConfiguration: Decodable {
    var do_lower_case: Bool?
    var strip_accents: Bool?
    var tokenize_chinese_chars: Bool?
}

extension WordPieceTokenizer {
    init(_ file: TokenizerFile, _ normalizing: Normalizing) throws {
        if let foreign = file.foreign { throw foreign }
        guard file.isJSON else {
            let tokens = try Self.tokens(of: file)
            try self.init(tokens: tokens, normalizing.completed(by: Self.companion(of: file)), from: file)
            return
        }
        switch try JSONKind(of: file) {
        case .wordPiece:
            let parts = try file.decoded(WordPieceFile.self)
            guard parts.version == 1 else {
                throw file.malformed("type wordpiece, version \(parts.version); this program reads version 1")
            }
            try Self.check(parts.vocabulary) { file.malformed("vocabulary[\($0)]: \($1)") }
            let stated = Normalizing(lowercase: parts.lowercase, stripsAccents: parts.strip_accents)
            try self.init(tokens: parts.vocabulary, normalizing.completed(by: stated), from: file)
        case .tokenizerJSON("WordPiece"):
            let (tokens, stated) = try TokenizerJSON.wordPiece(file)
            try self.init(tokens: tokens, normalizing.completed(by: stated), from: file)
        default: throw file.malformed("not a WordPiece tokenizer")
        }
    }

    /// The tokens of a `vocab.txt`; blank lines at its end are none.
    static func tokens(of file: TokenizerFile) throws -> [String] {
        var lines = try file.lines().map { line in
            var bytes = Array(line.utf8)
            while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        }
        while lines.last?.isEmpty ?? false { lines.removeLast() }
        guard !lines.isEmpty else { throw file.malformed("the file is empty") }
        try check(lines) { file.malformed(line: $0 + 1, $1) }
        return lines
    }

    private static func check(_ tokens: [String], _ fault: (Int, String) -> TokenizerError) throws {
        let renaming = "without it the ids of all lines below would shift"
        var places: [[UInt8]: Int] = [:]
        for (place, token) in tokens.enumerated() {
            guard !token.isEmpty else {
                throw fault(
                    place, "an empty token; give it a name that text never has, such as [unused\(place)]: \(renaming)")
            }
            if token.utf8.contains(32) || token.utf8.contains(9) {
                throw fault(place, "“\(token)” has white space inside; a line is one token, without a count or a score")
            }
            if let first = places.updateValue(place, forKey: Array(token.utf8)) {
                throw fault(
                    place,
                    """
                    the token \(token) is already in line \(first + 1); rename one of the two, for instance to \
                    [unused\(place)]: \(renaming)
                    """
                )
            }
        }
    }

    static func missing(_ name: String, among tokens: [String], _ file: TokenizerFile) -> TokenizerError {
        let other = ["<pad>", "<unk>", "<s>", "<blank>"].first(where: tokens.contains)
        if let other {
            return file.malformed(
                """
                no \(name) token, but \(other): the vocabulary is not a WordPiece one; its special tokens are \
                named as in [PAD]
                """
            )
        }
        return file.malformed("no \(name) token; add it as the last line, where it shifts no id")
    }

    /// What the file beside a `vocab.txt` says of it: `vocab.config.json`, or Hugging Face's `tokenizer_config.json`.
    private static func companion(of file: TokenizerFile) throws -> Normalizing {
        for path in [companionPath(of: file.path), file.beside("tokenizer_config.json")]
        where PathEncoding.isThere(path) {
            let companion = try TokenizerFile(path: path), stated = try companion.decoded(VocabularyConfiguration.self)
            guard stated.tokenize_chinese_chars ?? true else {
                throw companion.malformed("tokenize_chinese_chars: false is not supported")
            }
            guard let lowercase = stated.do_lower_case else { continue }
            return Normalizing(lowercase: lowercase, stripsAccents: stated.strip_accents ?? lowercase)
        }
        return Normalizing()
    }

    private static func companionPath(of path: String) -> String {
        (path.hasSuffix(".txt") ? String(path.dropLast(4)) : path) + ".config.json"
    }

    /// The files that `write(to:)` makes for a path.
    package static func files(writtenTo path: String) -> [String] {
        path.hasSuffix(".txt") ? [path, companionPath(of: path)] : [path]
    }

    /// Writes the tokenizer: for a path that ends in `.txt` a `vocab.txt`, a token a line, with `vocab.config.json`
    /// beside it that states the normalization; for any other path one JSON object.
    public func write(to path: String) throws {
        let (lowercase, strips) = (normalization.lowercase, normalization.stripsAccents)
        guard path.hasSuffix(".txt") else {
            let list = tokens.map { "\n" + JSONText.quoted($0) }.joined(separator: ",")
            return try TokenizerFile.write(
                """
                {
                  "type": "wordpiece",
                  "version": 1,
                  "lowercase": \(lowercase),
                  "strip_accents": \(strips),
                  "vocabulary": [\(list)
                  ]
                }

                """, to: path)
        }
        try TokenizerFile.write(tokens.map { $0 + "\n" }.joined(), to: path)
        try TokenizerFile.write(
            "{\"do_lower_case\": \(lowercase), \"strip_accents\": \(strips), \"tokenize_chinese_chars\": true}\n",
            to: Self.companionPath(of: path))
    }
}

/// What BERT's tokenizer does to the characters of a text, with the meaning of Hugging Face's `BertNormalizer`.
///
/// ```swift
/// let cased = BERTNormalization(lowercase: false)                             // keeps accents, as Hugging Face
/// let accented = BERTNormalization(lowercase: true, stripsAccents: false)     // café, not cafe
/// ```
/// Control characters are always removed and CJK ideographs always words of their own (`clean_text`,
/// `handle_chinese_chars`).
public struct BERTNormalization: Hashable, Sendable {
    /// Whether letters are made lower case.
    public var lowercase: Bool
    /// Whether text is decomposed (NFD) and loses its non-spacing marks: accents, but also the vowel signs of Hindi or
    /// Thai.
    public var stripsAccents: Bool

    /// - Parameter stripsAccents: nil does as `lowercase` does.
    public init(lowercase: Bool = true, stripsAccents: Bool? = nil) {
        self.lowercase = lowercase
        self.stripsAccents = stripsAccents ?? lowercase
    }
}

extension BERTNormalization: CustomStringConvertible {
    public var description: String {
        (lowercase ? "lower case" : "case kept") + (stripsAccents ? ", accents stripped" : ", accents kept")
    }
}

extension BERTNormalization {
    /// The normalization under which a vocabulary was probably made: the one that its tokens survive.
    ///
    /// A token that lower-casing changes can never be found in text made lower case, so a vocabulary that has them is
    /// cased; likewise for accents. A few stray tokens decide nothing: at least 2 % of the tokens with cased letters
    /// have to be in upper case, more than one of them unless they are few, and more than 0.1 % of the tokens to have
    /// accents. A cased vocabulary keeps accents, as Hugging Face's default is.
    /// - Parameter tokens: of a `vocab.txt`. Special tokens, by their brackets (`[unused1]`, `<S>`), do not count.
    public init(guessedFrom tokens: [String]) {
        var letters = 0, capitals = 0, words = 0, accented = 0, hasLongCapital = false
        for token in tokens where !Self.isBracketed(token) {
            let subword = token.unicodeScalars.dropFirst(token.hasPrefix(WordPieceTokenizer.prefix) ? 2 : 0)
            words += 1
            if subword.contains(where: { UnicodeTable.unaccented.changes($0.value) }) { accented += 1 }
            let isCapital = subword.contains { UnicodeTable.lowercase.changes($0.value) }
            if isCapital {
                capitals += 1
                if subword.count > 1 { hasLongCapital = true }
            }
            if isCapital || subword.contains(where: { $0.properties.isCased }) { letters += 1 }
        }
        let isCased = capitals * 50 >= letters && (capitals > 1 || hasLongCapital && letters <= 10)
        self.init(lowercase: !isCased, stripsAccents: isCased ? false : accented * 1000 <= words)
    }

    private static func isBracketed(_ token: String) -> Bool {
        let first = token.utf8.first, last = token.utf8.last
        return token.utf8.count > 2
            && (first == UInt8(ascii: "[") && last == UInt8(ascii: "]")
                || first == UInt8(ascii: "<") && last == UInt8(ascii: ">"))
    }
}

import Vocab

extension WordPieceTokenizer {
    /// An uncased English vocabulary of 8192 that is part of the program; Vocab/README.md says how it was made.
    public static func english() -> WordPieceTokenizer { embedded }

    private static let embedded = embedding("english-wordpiece-8192.txt", concord_english_wordpiece) {
        try WordPieceTokenizer(tokens: tokens(of: $0), Normalizing(lowercase: true), from: $0)
    }
}

extension BPETokenizer {
    /// An English vocabulary of 8192 that is part of the program; Vocab/README.md says how it was made.
    public static func english() -> BPETokenizer { embedded }

    private static let embedded = embedding("english-bpe-8192.json", concord_english_bpe) { try BPETokenizer($0) }
}

/// Reads a file that the program carries; a fault in it is one of the program.
private func embedding<T>(
    _ name: String, _ bytes: (UnsafeMutablePointer<Int>) -> UnsafePointer<UInt8>?, _ read: (TokenizerFile) throws -> T
) -> T {
    var count = 0
    let start = bytes(&count)
    do {
        return try read(TokenizerFile(path: name, bytes: Array(UnsafeBufferPointer(start: start, count: count))))
    } catch {
        fatalError("\(error)")
    }
}

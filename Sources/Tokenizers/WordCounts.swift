/// How often each word stands in a text.
struct WordCounts {
    private var counts: [[UInt8]: Int] = [:]

    mutating func add(_ word: UnsafeBufferPointer<UInt8>) { counts[Array(word), default: 0] += 1 }

    var isEmpty: Bool { counts.isEmpty }

    /// In the order of their bytes.
    var sorted: [(word: [UInt8], count: Int)] {
        counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }

    /// Calls `body` with each line of the files, its end included, as Hugging Face's trainers get them; what is not UTF-8 becomes U+FFFD.
    static func forEachLine(of paths: [String], _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws {
        for path in paths {
            var rest = try TokenizerFile(path: path).bytes[...]
            while !rest.isEmpty {
                let end = rest.firstIndex(of: 10).map { $0 + 1 } ?? rest.endIndex
                var line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                line.withUTF8(body)
                rest = rest[end...]
            }
        }
    }
}

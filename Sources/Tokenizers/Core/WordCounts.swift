import ConcordFiles

/// Cuts a text into the words that a trainer counts.
protocol WordSplitter {
    func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void)
}

/// How often each word occurs in a text.
struct WordCounts {
    private var counts: [[UInt8]: Int] = [:]

    /// Of text files, line by line; the ends of lines are part of them.
    init(files: [String], by splitter: some WordSplitter) throws {
        try Self.forEachLine(of: files) { line in splitter.forEachWord(in: line) { counts[Array($0), default: 0] += 1 }
        }
    }

    /// Of texts in memory.
    init(texts: some Sequence<String>, by splitter: some WordSplitter) {
        for var text in texts { text.withUTF8 { splitter.forEachWord(in: $0) { counts[Array($0), default: 0] += 1 } } }
    }

    /// Whether there is no word but white space.
    var isEmpty: Bool { !counts.keys.contains { word in word.contains { $0 > 32 } } }

    /// In the order of their bytes.
    var sorted: [(word: [UInt8], count: Int)] {
        counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
    }

    /// Calls `body` with each line of the files, its end included, as Hugging Face's trainers get them; what is not
    /// UTF-8 becomes U+FFFD.
    private static func forEachLine(of paths: [String], _ body: (UnsafeBufferPointer<UInt8>) -> Void) throws {
        for path in paths {
            let file = try TokenizerFile(path: path)
            if let problem = file.foreignText { throw file.malformed(problem) }
            var rest = file.bytes.withoutByteOrderMark
            while !rest.isEmpty {
                let end = rest.firstIndex(of: 10).map { $0 + 1 } ?? rest.endIndex
                var line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                line.withUTF8(body)
                rest = rest[end...]
            }
        }
    }
}

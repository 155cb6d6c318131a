import ConcordLayers
import ConcordTensors

/// What a tokenizer makes of a set of texts: how many words it does not know, and how many texts a context cuts.
///
/// ```swift
/// let statistics = TextStatistics(of: captions, tokenizer: tokenizer, context: 32)
/// statistics.unknownFraction       // 0.62
/// statistics.unknownExamples       // ["кот", "белый", "дом"]
/// ```
public struct TextStatistics: Sendable, Equatable {
    /// Number of texts.
    public private(set) var texts = 0
    /// Words; of a byte-level BPE runs between spaces.
    public private(set) var words = 0
    /// Words that became the unknown token.
    public private(set) var unknownWords = 0
    /// Some different unknown words, as the texts have them.
    public private(set) var unknownExamples: [String] = []
    /// Ids without start and end tokens.
    public private(set) var subwords = 0
    /// Ids that are not special: what can be masked.
    public private(set) var maskable = 0
    /// Texts without such an id within the context.
    public private(set) var textsWithoutMaskable = 0
    /// Texts longer than the context.
    public private(set) var cut = 0
    /// Ids of the longest text, start and end tokens included.
    public private(set) var longest = 0

    /// Of no text.
    public init() {}

    /// - Parameter context: the longest text in ids, start and end tokens included; nil where texts are not cut.
    public init(of texts: [String], tokenizer: any Tokenizer, context: Int? = nil) {
        let counter = TextCounter(tokenizer, context: context), run = 256
        var parts = [TextStatistics](repeating: TextStatistics(), count: (texts.count + run - 1) / run)
        parts.withUnsafeMutableBufferPointer { parts in
            nonisolated(unsafe) let parts = parts  // each is written once
            Parallel.run(parts.count) { range in
                for part in range {
                    for text in texts[part * run..<min(texts.count, (part + 1) * run)] {
                        counter.count(text, tokenizer.subwords(of: text), into: &parts[part])
                    }
                }
            }
        }
        for part in parts { self += part }
    }

    /// Of the words; 0 where there are none.
    public var unknownFraction: Double { words > 0 ? Double(unknownWords) / Double(words) : 0 }

    /// Adds the counts of another set of texts, and its examples up to three.
    public static func += (a: inout TextStatistics, b: TextStatistics) {
        a.texts += b.texts
        a.words += b.words
        a.unknownWords += b.unknownWords
        a.subwords += b.subwords
        a.maskable += b.maskable
        a.textsWithoutMaskable += b.textsWithoutMaskable
        a.cut += b.cut
        a.longest = max(a.longest, b.longest)
        for word in b.unknownExamples where a.unknownExamples.count < exampleLimit && !a.unknownExamples.contains(word)
        {
            a.unknownExamples.append(word)
        }
    }

    fileprivate static let exampleLimit = 3

    fileprivate mutating func add(_ ids: [Int32], _ counter: TextCounter) -> Bool {
        var unknown = 0, ordinary = 0
        let length = ids.count + counter.edges, room = counter.context.map { max(0, $0 - counter.edges) } ?? .max
        var isMaskable = false
        for (place, id) in ids.enumerated() {
            if id == counter.unknown { unknown += 1 }
            if counter.special.contains(id) { continue }
            ordinary += 1
            if place < room { isMaskable = true }
            if place == 0 || !counter.continues[Int(id)] { words += 1 }
        }
        texts += 1
        words += unknown
        unknownWords += unknown
        subwords += ids.count
        maskable += ordinary
        if !isMaskable { textsWithoutMaskable += 1 }
        longest = max(longest, length)
        if let context = counter.context, length > context { cut += 1 }
        return unknown > 0 && unknownExamples.count < Self.exampleLimit
    }

    fileprivate mutating func addExample(_ word: String) {
        if unknownExamples.count < Self.exampleLimit, !unknownExamples.contains(word) { unknownExamples.append(word) }
    }
}

/// Adds texts and their ids to statistics.
package struct TextCounter: Sendable {
    private let tokenizer: any Tokenizer
    fileprivate let context: Int?
    fileprivate let edges: Int
    fileprivate let unknown: Int32?
    fileprivate let special: Set<Int32>
    fileprivate let continues: [Bool]

    package init(_ tokenizer: any Tokenizer, context: Int?) {
        (self.tokenizer, self.context) = (tokenizer, context)
        (edges, unknown, special) = (tokenizer.edges, tokenizer.vocabulary.unknown, tokenizer.vocabulary.special)
        continues = tokenizer.wordContinuations
    }

    /// - Parameter ids: the whole text's, without start and end tokens.
    package func count(_ text: String, _ ids: [Int32], into statistics: inout TextStatistics) {
        guard statistics.add(ids, self) else { return }
        let scalars = Array(text.unicodeScalars)
        for subword in tokenizer.alignedSubwords(of: text, special: .plain) where subword.id == unknown {
            var word = String.UnicodeScalarView()
            word.append(contentsOf: scalars[subword.characters].prefix(40))
            statistics.addExample(String(word))
        }
    }
}

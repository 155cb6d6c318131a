public import ConcordLayers
import ConcordTensors
public import ConcordTokenizers
import Logging

/// Text files as one stream of ids, cut into blocks of T: what a language model is pretrained on.
///
/// ```swift
/// let text = try TextBlocks(["valid.txt"], tokenizer: tokenizer, length: 128)
/// let batches = text.batches(of: 32, seed: 0)                           // Tokens [32, 128]
/// ```
///
/// Lines are tokenised one by one, without start and end tokens, and joined; blocks do not end with lines. Lines of white space
/// alone are passed over, and so is what does not fill a last block. Bytes that are not UTF-8 become U+FFFD, and their lines are named
/// in the log.
public struct TextBlocks: RandomAccessCollection, Sendable {
    /// Number T of ids in a block.
    public let length: Int
    /// Ids in the whole text, those behind the last block included.
    public let tokenCount: Int
    /// Lines with bytes that are not UTF-8.
    public let repairedCount: Int
    private let ids: [Int32]

    /// - Parameters:
    ///   - paths: files, one after the other.
    ///   - length: T, at least 1.
    /// - Throws: `DatasetError`: a file that is unreadable, in another encoding or without a line; too little text for one block.
    public init(_ paths: [String], tokenizer: any Tokenizer, length: Int) throws(DatasetError) {
        ShapeCheck.require(length > 0, "TextBlocks", "blocks of \(length)")
        var ids: [Int32] = [], repaired = 0
        for path in paths {
            let lines = try TextLines(path)
            lines.logRepairs()
            repaired += lines.repairedCount
            for part in Self.tokenised(lines, tokenizer) { ids += part }
        }
        guard ids.count >= length else {
            throw .shortText(path: paths.joined(separator: ", "), tokens: ids.count, block: length)
        }
        (self.length, tokenCount, repairedCount) = (length, ids.count, repaired)
        ids.removeLast(ids.count % length)
        self.ids = ids
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { ids.count / length }
    public subscript(position: Int) -> [Int32] { Array(ids[position * length..<(position + 1) * length]) }

    /// A sample for each block.
    public var samples: Samples<[Int32]> {
        let blocks = self
        return Samples(count: count, named: { "block \($0)" }) { index, _ in blocks[index] }
    }

    /// Shuffled batches of blocks, for training.
    /// - Parameter seed: decides the order of each epoch.
    public func batches(of size: Int, seed: UInt64 = 0) -> Batches<Tokens> {
        let length = length
        return samples.batches(of: size, seed: seed, threads: 1) { Tokens($0, length: length, padding: 0) }
    }

    /// All blocks in their order, so many a batch; the last may be shorter. For evaluation.
    public func inOrder(by size: Int) -> some Sequence<Tokens> {
        ShapeCheck.require(size > 0, "TextBlocks", "batches of \(size)")
        return stride(from: 0, to: count, by: size).lazy.map { first in
            Tokens(self[first..<Swift.min(count, first + size)].map { $0 }, length: length, padding: 0)
        }
    }

    /// The ids of runs of lines, in order.
    private static func tokenised(_ lines: TextLines, _ tokenizer: any Tokenizer) -> [[Int32]] {
        let run = 64
        var parts = [[Int32]](repeating: [], count: (lines.count + run - 1) / run)
        parts.withUnsafeMutableBufferPointer { parts in
            nonisolated(unsafe) let parts = parts  // each is written once
            Parallel.run(parts.count) { range in
                for part in range {
                    var ids: [Int32] = []
                    for line in part * run..<Swift.min(lines.count, (part + 1) * run) {
                        ids += tokenizer.pieces(of: lines[line], limit: .max)
                    }
                    parts[part] = ids
                }
            }
        }
        return parts
    }
}

extension TextLines {
    /// The ids of each line between start and end token, cut to a length: texts of their own, for batches
    /// `{ Tokens($0, length: length, padding: tokenizer.vocabulary.padding) }`.
    public func texts(_ tokenizer: any Tokenizer, length: Int) -> DecodedSamples<[Int32]> {
        let lines = self
        return DecodedSamples(count: count, named: { "\(lines.path):\(lines.line(of: $0))" }) { tokenizer.encode(lines[$0], limit: length) }
    }

    /// Names lines with bytes that are not UTF-8 in the log.
    func logRepairs() {
        let log = Logger(label: "concord.datasets"), named = 8
        for line in repairedLines.prefix(named) { log.warning("\(path):\(line): not UTF-8; U+FFFD stands for what is broken") }
        if repairedCount > named { log.warning("\(path): \(repairedCount) lines in all are not UTF-8") }
    }
}

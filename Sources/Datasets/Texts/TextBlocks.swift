import ConcordFiles
public import ConcordLayers
import ConcordTensors
public import ConcordTokenizers
import Logging

/// Text files as blocks of at most T ids: what a language model is pretrained on.
///
/// ```swift
/// let text = try TextBlocks(["valid.txt"], tokenizer: tokenizer, length: 128)
/// let batches = text.batches(of: 32, seed: 0)                           // Tokens [32, 128]
/// ```
///
/// Running text (`Form.running`) is one stream: lines are tokenized one by one, without start and end tokens, and
/// joined; blocks do not end with lines, and what does not fill a last block is left out. Of `Form.lines` each line is
/// a block of its own between start and end token, cut to T. Lines of white space alone are left out and counted. Bytes
/// that are not UTF-8 become U+FFFD, and their lines are named in the log.
public struct TextBlocks: RandomAccessCollection, Sendable {
    /// What a block is cut from.
    public enum Form: Sendable {
        /// One stream, cut into blocks of T.
        case running
        /// A line is a text of its own.
        case lines
    }

    /// The most ids in a block, T; of running text each has as many.
    public let length: Int
    /// Ids in the whole text, those behind the last block included.
    public let tokenCount: Int
    /// Lines with bytes that are not UTF-8.
    public let repairedCount: Int
    /// Files that hold text.
    public let fileCount: Int
    /// Files of several that hold none.
    public let emptyFiles: [String]
    /// Lines with text, and lines of white space alone.
    public let lineCount, blankCount: Int
    /// Of the lines, as the tokenizer cuts them.
    public let statistics: TextStatistics
    private var ids: [Int32]
    /// Where each block starts, and where the last ends.
    private var starts: [Int]
    private let padding: Int32

    /// - Parameters:
    ///   - paths: files, one after the other.
    ///   - length: T, at least 1.
    /// - Throws: `DatasetError`: a file that is unreadable, in another encoding or without a line; too little text for
    ///   one block.
    public init(_ paths: [String], tokenizer: any Tokenizer, length: Int, form: Form = .running) throws(DatasetError) {
        ShapeCheck.require(length > 0, "TextBlocks", "blocks of \(length)")
        var ids: [Int32] = [], repaired = 0, empty: [String] = [], lineCount = 0, blank = 0,
            statistics = TextStatistics()
        var starts = [0], total = 0
        for path in paths {
            let lines: TextLines
            do throws(DatasetError) { lines = try TextLines(path) } catch {
                guard case .emptyFile = error, paths.count > 1 else { throw error }
                empty.append(path)
                continue
            }
            lines.logRepairs()
            repaired += lines.repairedCount
            lineCount += lines.count
            blank += lines.blankCount
            for part in Self.tokenized(lines, tokenizer, context: form == .lines ? length : nil) {
                statistics += part.statistics
                total += part.lines.reduce(0) { $0 + $1.count }
                for line in part.lines {
                    guard form == .lines else {
                        ids += line
                        continue
                    }
                    if let start = tokenizer.vocabulary.start { ids.append(start) }
                    ids += line.prefix(Swift.max(0, length - tokenizer.edges))
                    if let end = tokenizer.vocabulary.end { ids.append(end) }
                    starts.append(ids.count)
                }
            }
        }
        guard empty.count < paths.count else { throw .emptyFile(path: paths.joined(separator: ", ")) }
        if form == .running {
            guard ids.count >= length else {
                throw .shortText(path: paths.joined(separator: ", "), tokens: ids.count, block: length)
            }
            ids.removeLast(ids.count % length)
            starts = Array(stride(from: 0, through: ids.count, by: length))
        }
        (self.length, tokenCount, repairedCount, self.ids, self.starts) = (length, total, repaired, ids, starts)
        (fileCount, emptyFiles, self.lineCount, blankCount) = (paths.count - empty.count, empty, lineCount, blank)
        (self.statistics, padding) = (statistics, form == .lines ? tokenizer.vocabulary.padding : 0)
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { starts.count - 1 }
    public subscript(position: Int) -> [Int32] { Array(ids[starts[position]..<starts[position + 1]]) }

    /// The first blocks alone.
    package func leading(_ count: Int) -> TextBlocks {
        var part = self
        part.starts = Array(starts[...Swift.min(Swift.max(0, count), self.count)])
        part.ids = Array(ids[..<part.starts[part.count]])
        return part
    }

    /// A fingerprint of the blocks: 16 hexadecimal digits.
    package var fingerprint: String {
        var fingerprint = Fingerprint()
        ids.withUnsafeBytes { fingerprint.add($0) }
        for start in starts { fingerprint.add(start) }
        return fingerprint.description
    }

    /// A sample for each block.
    public var samples: Samples<[Int32]> {
        let blocks = self
        return Samples(count: count, named: { "block \($0)" }) { index, _ in blocks[index] }
    }

    /// Blocks as a batch, padded to the longest.
    public func tokens(_ blocks: [[Int32]]) -> Tokens {
        Tokens(blocks, length: blocks.map(\.count).max() ?? length, padding: padding)
    }

    /// Shuffled batches of blocks, for training.
    /// - Parameter seed: decides the order of each epoch.
    public func batches(of size: Int, seed: UInt64 = 0) -> Batches<Tokens> {
        let blocks = self
        return samples.batches(of: size, seed: seed, threads: 1) { blocks.tokens($0) }
    }

    /// All blocks in their order, so many a batch; the last may be shorter. For evaluation.
    public func inOrder(by size: Int) -> some Sequence<Tokens> {
        ShapeCheck.require(size > 0, "TextBlocks", "batches of \(size)")
        return stride(from: 0, to: count, by: size).lazy.map { first in
            tokens(self[first..<first + Swift.min(count - first, size)].map { $0 })
        }
    }

    /// The ids of runs of lines, in order.
    private static func tokenized(
        _ lines: TextLines, _ tokenizer: any Tokenizer, context: Int?
    ) -> [(lines: [[Int32]], statistics: TextStatistics)] {
        let run = 64, counter = TextCounter(tokenizer, context: context)
        var parts = [(lines: [[Int32]], statistics: TextStatistics)](
            repeating: ([], TextStatistics()), count: (lines.count + run - 1) / run)
        parts.withUnsafeMutableBufferPointer { parts in
            nonisolated(unsafe) let parts = parts  // each is written once
            Parallel.run(parts.count) { range in
                for part in range {
                    for line in part * run..<Swift.min(lines.count, (part + 1) * run) {
                        let text = lines[line], ids = tokenizer.subwords(of: text)
                        counter.count(text, ids, into: &parts[part].statistics)
                        parts[part].lines.append(ids)
                    }
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
        return DecodedSamples(count: count, named: { "\(lines.path):\(lines.line(of: $0))" }) {
            tokenizer.encode(lines[$0], limit: length)
        }
    }

    /// Names lines with bytes that are not UTF-8 in the log.
    func logRepairs() {
        let log = Logger(label: "concord.datasets"), named = 8
        for line in repairedLines.prefix(named) {
            log.warning("\(path):\(line): not UTF-8; broken bytes became U+FFFD")
        }
        if repairedCount > named { log.warning("\(path): \(repairedCount) lines in all are not UTF-8") }
    }
}

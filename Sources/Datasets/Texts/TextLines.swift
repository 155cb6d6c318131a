import ConcordFiles

/// The lines of a UTF-8 text file; a few invalid bytes become U+FFFD and are counted, a file in another encoding is
/// refused.
///
/// Lines end with LF or CR LF, in a file without any LF with CR.
public struct TextLines: RandomAccessCollection, Sendable {
    /// The file.
    public let path: String
    /// The numbers of lines with bytes that are not UTF-8.
    public let repairedLines: [Int]
    /// Lines with bytes that are not UTF-8.
    public var repairedCount: Int { repairedLines.count }
    /// Lines that were left out because they hold nothing but white space.
    public let blankCount: Int
    private let bytes: FileBytes
    private let ranges: [Range<Int>], numbers: [Int32]

    /// - Parameter skippingEmpty: leaves out lines with nothing but white space.
    /// - Throws: `DatasetError`: unreadable, in another encoding, without a line.
    public init(_ path: String, skippingEmpty: Bool = true) throws(DatasetError) {
        let bytes = try FileBytes.readingText(path)
        let lineEnd = bytes.buffer.contains(Dialect.feed) ? Dialect.feed : Dialect.carriage
        var blank = 0
        var ranges: [Range<Int>] = [], numbers: [Int32] = [], repaired: [Int] = [], number: Int32 = 0
        var start = bytes.markLength
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes.base[end] != lineEnd { end += 1 }
            let next = end + 1
            if end > start, bytes.base[end - 1] == Dialect.carriage { end -= 1 }
            let line = start..<end
            start = next
            number += 1
            if skippingEmpty, !line.contains(where: { bytes.base[$0] > 0x20 }) {
                blank += 1
                continue
            }
            if !bytes.isUTF8(line) { repaired.append(Int(number)) }
            ranges.append(line)
            numbers.append(number)
        }
        guard !ranges.isEmpty else { throw .emptyFile(path: path) }
        blankCount = blank
        (self.path, self.bytes, self.ranges, self.numbers, repairedLines) = (path, bytes, ranges, numbers, repaired)
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { ranges.count }
    public subscript(position: Int) -> String { bytes.text(ranges[position]) }

    /// The line of the file that a text is on, from 1.
    /// - Precondition: `position` is in `0 ..< count`.
    public func line(of position: Int) -> Int { Int(numbers[position]) }
}

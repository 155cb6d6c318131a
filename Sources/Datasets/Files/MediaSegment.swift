/// A part of a recording, in seconds, or of a video, in frames: what a row of a table names with its start and end
/// columns.
///
/// ```swift
/// let segment = MediaSegment(start: 12.5, end: 15)
/// let range = try segment.frames(of: Audio.header(of: "night.flac"), at: 16000, path: "night.flac")
/// let sound = try Audio(contentsOf: "night.flac", rate: 16000, window: range)
/// ```
public struct MediaSegment: Sendable, Hashable {
    /// Seconds from the recording's start, or the number of a video's first frame, 0 or more.
    public let start: Double
    /// Seconds from the recording's start, or the number of the frame behind the last, more than `start`; nil for the
    /// end.
    public let end: Double?

    /// Seconds that a segment may reach beyond its recording: tables round, and encoders leave out the last few
    /// samples. It ends at the end then.
    static let tolerance = 0.1

    /// - Parameters:
    ///   - start: seconds or frames from the start, 0 or more.
    ///   - end: more than `start`; nil for the end.
    public init(start: Double, end: Double?) { (self.start, self.end) = (start, end) }

    /// The segment of a video of so many frames, at least one.
    /// - Throws: `DatasetError.segment` where it is not inside the video.
    public func frames(of total: Int, path: String) throws(DatasetError) -> Range<Int> {
        guard start < Double(total), end ?? 1 <= Double(total) else {
            throw .segment(
                place: path, reason: "frames \(start) to \(end.map { "\($0)" } ?? "the end") of a video of \(total)")
        }
        let first = Int(start), last = end.map { Int($0) } ?? total
        return first..<max(first + 1, last)
    }

    /// The segment in samples, at least one.
    /// - Parameters:
    ///   - header: of the recording.
    ///   - rate: samples a second of the result.
    /// - Throws: `AudioError.segment` where it is not inside the recording.
    public func frames(of header: Audio.Header, at rate: Int, path: String) throws(AudioError) -> Range<Int> {
        let total = header.frames(at: rate), seconds = header.seconds
        guard start < seconds, end ?? 0 <= seconds + Self.tolerance else {
            throw .segment(path: path, segment: self, seconds: seconds)
        }
        let first = min(total - 1, Int((start * Double(rate)).rounded()))
        let last = end.map { min(total, Int(($0 * Double(rate)).rounded())) } ?? total
        return first..<max(first + 1, last)
    }
}

extension MediaSegment: CustomStringConvertible {
    /// "1.5 s to 3.0 s".
    public var description: String { "\(start) s to \(end.map { "\($0) s" } ?? "the end")" }
}

extension Row {
    /// The segment that two columns name, in seconds; nil where both fields are empty. An empty start is 0, an empty
    /// end the recording's end.
    /// - Parameters:
    ///   - start: the column of the start; nil for 0.
    ///   - end: the column of the end; nil for the recording's end.
    /// - Throws: `DatasetError.segment` with the row's place where they are no numbers, or the end is not after the
    ///   start.
    public func segment(start: String?, end: String?) throws(DatasetError) -> MediaSegment? {
        let first = try seconds(start), last = try seconds(end)
        guard first != nil || last != nil else { return nil }
        if let last, last <= first ?? 0 {
            throw .segment(
                place: place, reason: "the segment ends at \(last) s, not after its start at \(first ?? 0) s")
        }
        return MediaSegment(start: first ?? 0, end: last)
    }

    private func seconds(_ column: String?) throws(DatasetError) -> Double? {
        guard let column else { return nil }
        let text = self[column].trimmingSpace
        guard !text.isEmpty else { return nil }
        guard let value = Double(text), value.isFinite, value >= 0, value < 1e9 else {
            throw .segment(
                place: place, reason: "column \"\(column)\" is \"\(text)\"; seconds wanted, 0 or more, such as 12.5")
        }
        return value
    }
}

extension Table {
    /// Checks that every row's segment is inside its recording, whose header is read once. Recordings that cannot be
    /// read are passed over: who reads them names them.
    /// - Throws: `DatasetError.segment` with the place of the first row whose segment is not.
    public func requireSegments(of column: String, start: String?, end: String?) throws(DatasetError) {
        try require(columns: [column] + [start, end].compactMap { $0 })
        var headers: [String: Audio.Header?] = [:]
        for row in self {
            guard let segment = try row.segment(start: start, end: end), !row[column].isEmpty else { continue }
            let path = row.path(column)
            if headers[path] == nil { headers[path] = .some(try? Audio.header(of: path)) }
            guard let header = headers[path] ?? nil else { continue }
            do throws(AudioError) { _ = try segment.frames(of: header, at: header.rate, path: path) } catch {
                throw .segment(place: row.place, reason: "\(error)")
            }
        }
    }
}

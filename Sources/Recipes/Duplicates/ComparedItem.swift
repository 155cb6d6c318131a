import ConcordDatasets
import ConcordFiles

/// An item of the data with what it takes to read it.
struct ComparedItem: Sendable {
    let item: Duplicates.Item
    /// The file; empty for a text.
    let path: String
    /// The part of a recording or a video; nil for all of it.
    let segment: MediaSegment?
    /// The first row that names it.
    let row: Row

    /// The distinct files of an input, or a text for each row: first those trained on, then those held out.
    static func all(of table: SampleTable, _ input: RecipeInput, root: String) -> [ComparedItem] {
        let parts: [(rows: Table, isHeldOut: Bool)] =
            table.isSplit ? [(table.train, false), (table.heldOut, true)] : [(table.train, false)]
        return parts.flatMap { part -> [ComparedItem] in
            var seen: Set<String> = []
            return part.rows.compactMap { row in
                guard let key = table.part(input, of: row), !input.kind.isFile || seen.insert(key).inserted else {
                    return nil
                }
                let path = table.path(input, of: row) ?? "", segment = table.segment(input, of: row)
                let name = relative(path.isEmpty || segment != nil && !isListing(table) ? row.place : path, to: root)
                return ComparedItem(
                    item: .init(
                        name: name, input: input, isHeldOut: part.isHeldOut, text: path.isEmpty ? key : nil),
                    path: path, segment: segment, row: row)
            }
        }
    }

    private static func isListing(_ table: SampleTable) -> Bool { table.settings.kind != .table }

    private static func relative(_ path: String, to root: String) -> String {
        let path = CanonicalPath.of(path), prefix = CanonicalPath.of(root) + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }

    // MARK: - Reading

    func image() throws -> Image { try Image(contentsOf: path) }

    /// Seconds of sound whose samples are compared one by one; of longer recordings only the beginning is read.
    private static let wholeSeconds = 600

    /// The samples, and whether they are all of the item.
    func sound() throws -> (audio: Audio, isWhole: Bool) {
        let header = try Audio.header(of: path)
        let frames = try segment?.frames(of: header, at: header.rate, path: path) ?? 0..<header.frames
        guard frames.count > Self.wholeSeconds * header.rate else {
            return (
                try Audio(contentsOf: path, window: segment == nil ? nil : frames, limit: .infinity), true
            )
        }
        let start = frames.lowerBound..<frames.lowerBound + SoundExcerpt.seconds * header.rate
        return (try Audio(contentsOf: path, window: start, limit: .infinity), false)
    }

    /// The files whose bytes make it up: one, or a video's frames.
    func files() throws -> [String] {
        guard item.input.kind == .video else { return [path] }
        let video = try FrameFolder(path), frames = try segment?.frames(of: video.count, path: path) ?? 0..<video.count
        return frames.map { video.path(of: $0) }
    }
}

import ConcordFiles
import Logging

/// Videos as folders of frames, anywhere below a folder: `FOLDER/CLASS/VIDEO/0001.jpg` or `FOLDER/VIDEO/0001.jpg`.
///
/// Every folder with images directly in it is a video. The table has the columns `filepath` (the video's folder,
/// relative to the folder), `label` (the first folder on the way to it where there is one between, else its own name),
/// `start` and `end` (the number of its first frame, and of the one behind its last).
public struct VideoFolder: Sendable {
    /// A row for each video.
    public let table: Table

    /// - Throws: `DatasetError`: a folder that cannot be read, or has no images anywhere below.
    public init(_ path: String) throws(DatasetError) {
        let videos = try Self.videos(under: path)
        table = Self.table(path, videos.map { ($0.path, 0..<$0.count) })
    }

    /// The videos' first frames to train on, and the last fraction of each held out.
    /// - Parameter fraction: of each video's frames, in `0...1`; the number to train on is rounded down.
    /// - Throws: as for all of them.
    public static func split(_ path: String, last fraction: Double) throws(DatasetError) -> (
        train: Table, heldOut: Table
    ) {
        let videos = try videos(under: path).map { ($0.path, $0.count, Int(Double($0.count) * (1 - fraction))) }
        return (
            table(path, videos.filter { $0.2 > 0 }.map { ($0.0, 0..<$0.2) }),
            table(path, videos.filter { $0.2 < $0.1 }.map { ($0.0, $0.2..<$0.1) })
        )
    }

    /// The folders below a folder (itself among them, as `.`) that have frames, in order, with their number.
    package static func videos(under path: String) throws(DatasetError) -> [(path: String, count: Int)] {
        let found = try FileWalk.files(under: path)
        var files: [String: [String]] = [:], order: [String] = []
        for file in found.files {
            let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
            if files[folder] == nil { order.append(folder) }
            files[folder, default: []].append(Paths.name(of: file))
        }
        let videos = order.compactMap { folder -> (path: String, count: Int)? in
            let frames = FrameFolder.frames(among: files[folder] ?? [], in: Paths.join(path, folder))
            return frames.isEmpty ? nil : (folder, frames.count)
        }
        guard !videos.isEmpty else { throw .emptyFolder(path: path, wanted: "folder of frames (images)") }
        let log = Logger(label: "concord.datasets")
        for folder in found.rejected { log.warning("\(PathEncoding.readable("\(folder.name): \(folder.reason)"))") }
        let others = order.count - videos.count
        if others > 0 { log.notice("\(path): \(others) folders without images passed over") }
        return videos
    }

    private static func table(_ path: String, _ videos: [(String, Range<Int>)]) -> Table {
        let rows = videos.map { folder, frames in
            let parts = folder.split(separator: "/")
            return [folder, parts.first.map(String.init) ?? folder, "\(frames.lowerBound)", "\(frames.upperBound)"]
        }
        return Table(listing: path, columns: ["filepath", "label", "start", "end"], rows: rows)
    }
}

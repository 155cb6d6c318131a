import ConcordFiles

/// A video as a folder of its frames: images, in the order of the numbers in their names.
///
/// ```swift
/// let video = try FrameFolder("clips/0001")                             // 1.jpg, 2.jpg, …, 10.jpg
/// let first = try Image(contentsOf: video.path(of: 0))
/// ```
///
/// `frame2.jpg` comes before `frame10.jpg`: digits in names count as numbers. Files that are no images, and hidden
/// ones, are none of the frames.
public struct FrameFolder: Sendable {
    /// The folder.
    public let path: String
    /// The frames' names, in order; at least one.
    public let names: [String]

    /// - Throws: `DatasetError`: a folder that cannot be read, or has no image directly in it.
    public init(_ path: String) throws(DatasetError) {
        let found = try FileWalk.files(under: path, depth: 0)
        let names = Self.frames(among: found.files, in: path)
        guard !names.isEmpty else { throw .emptyFolder(path: path, wanted: "images, the frames of a video,") }
        (self.path, self.names) = (path, names)
    }

    /// Number of frames.
    public var count: Int { names.count }

    /// The file of a frame.
    public func path(of frame: Int) -> String { Paths.join(path, names[frame]) }

    /// Those files of a folder that are images, in the order of their numbers.
    static func frames(among files: [String], in folder: String) -> [String] {
        let endings = MediaFile.endings(of: .image)
        let images = files.filter { file in
            endings.contains(Paths.fileExtension(of: file))
                || MediaFile.judge(Paths.join(folder, file), as: .image) == .read
        }
        return images.sorted(by: isBefore)
    }

    /// Whether a name comes before another where digits count as numbers; of equal ones the order of bytes decides.
    static func isBefore(_ a: String, _ b: String) -> Bool {
        let (x, y) = (Array(a.utf8), Array(b.utf8))
        var i = 0, j = 0
        while i < x.count, j < y.count {
            let (first, second) = (digits(x, from: i), digits(y, from: j))
            guard !first.isEmpty, !second.isEmpty else {
                if x[i] != y[j] { return x[i] < y[j] }
                (i, j) = (i + 1, j + 1)
                continue
            }
            let (m, n) = (x[first].drop { $0 == UInt8(ascii: "0") }, y[second].drop { $0 == UInt8(ascii: "0") })
            if m.count != n.count { return m.count < n.count }
            if !m.elementsEqual(n) { return m.lexicographicallyPrecedes(n) }
            (i, j) = (first.upperBound, second.upperBound)
        }
        if (i < x.count) != (j < y.count) { return j < y.count }
        return x.lexicographicallyPrecedes(y)
    }

    private static func digits(_ text: [UInt8], from start: Int) -> Range<Int> {
        var end = start
        while end < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[end]) { end += 1 }
        return start..<end
    }
}

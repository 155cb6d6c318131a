/// Files of a folder as a table, with columns taken from their names.
///
/// ```swift
/// let digits = try FileListing("fsdd/recordings", pattern: "{digit}_{speaker}_{take}.wav")
/// let (train, test) = try digits.table.split(by: Split(column: "take", values: ["0", "1", "2", "3", "4"]))
/// ```
///
/// The column `filepath` is relative to the folder; the others are the pattern's parts.
public struct FileListing: Sendable {
    /// A row for each file: `filepath`, and a column for each part of the pattern.
    public let table: Table

    /// Files that match a pattern; folders in it (`{speaker}/{take}.wav`) are folders below the root.
    ///
    /// A file that ends as the pattern does but does not match is left out, counted and named in `table.badRows`.
    /// - Throws: `DatasetError`: a folder that cannot be read or has no such file, a faulty pattern, too many misnamed
    ///   files.
    public init(_ path: String, pattern: String, badFileFraction: Double = 0.1) throws(DatasetError) {
        let pattern = try FilePattern(pattern)
        var rows: [[String]] = [], bad = BadRows(), other: String?
        for file in try FileWalk.files(under: path, depth: pattern.depth).files {
            if let parts = pattern.parts(of: file) {
                rows.append([file] + parts)
            } else if pattern.hasSuffix(of: file) {
                bad.append("\(Paths.join(path, file)): does not match \"\(pattern.text)\"")
            } else {
                other = other ?? file
            }
        }
        try bad.check(path: path, good: rows.count, fraction: badFileFraction)
        if rows.isEmpty {
            if let other { throw .unmatchedPattern(pattern.text, path: path, example: other) }
            throw .emptyFolder(path: path, wanted: "file")
        }
        table = Table(
            TableContents(
                listing: path, columns: ["filepath"] + pattern.names, placeColumn: "filepath", rows: rows, bad: bad))
    }

    /// Every file with one of some extensions (in lower case), at any depth.
    /// - Throws: `DatasetError`: a folder that cannot be read, or has no such file.
    public init(_ path: String, extensions: Set<String>) throws(DatasetError) {
        let files = try FileWalk.files(under: path).files.filter { extensions.contains(Paths.fileExtension(of: $0)) }
        guard !files.isEmpty else {
            throw .emptyFolder(
                path: path,
                wanted: FileWalk.sorted(Array(extensions)).map { "." + $0 }.joined(separator: " or ") + " file")
        }
        table = Table(
            TableContents(
                listing: path, columns: ["filepath"], placeColumn: "filepath", rows: files.map { [$0] }, bad: BadRows())
        )
    }
}

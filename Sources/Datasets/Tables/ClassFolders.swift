import Logging

/// A folder with one folder a class.
enum ClassFolders {
    /// - Parameter kind: what the files are, in messages: "picture".
    static func table(
        _ path: String, extensions: Set<String>, of kind: String
    ) throws(DatasetError) -> (table: Table, classNames: ClassNames) {
        let classes = try FileWalk.entries(of: path).folders
        guard !classes.isEmpty else { throw .noClassFolders(path: path, kind: kind) }
        var rows: [[String]] = [], passedOver = 0
        for name in classes {
            let before = rows.count
            for file in try FileWalk.files(under: Paths.join(path, name)) {
                if extensions.contains(Paths.fileExtension(of: file)) {
                    rows.append([name + "/" + file, name])
                } else {
                    passedOver += 1
                }
            }
            if rows.count == before {
                let wanted = FileWalk.sorted(Array(extensions)).map { "." + $0 }.joined(separator: ", ")
                throw .emptyFolder(path: Paths.join(path, name), wanted: "\(kind) (\(wanted))")
            }
        }
        if passedOver > 0 { Logger(label: "concord.datasets").notice("\(path): \(passedOver) files that are no \(kind)s passed over") }
        let contents = TableContents(listing: path, columns: ["filepath", "label"], placeColumn: "filepath", rows: rows, bad: BadRows())
        return (Table(contents), ClassNames(classes))
    }
}

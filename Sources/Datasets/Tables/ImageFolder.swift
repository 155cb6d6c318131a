import Logging

/// Pictures sorted into one folder a class: `FOLDER/CLASS/…/picture.jpg`.
///
/// The classes are the folders' names in the order of their bytes, as torchvision's `ImageFolder` orders them. The table has the
/// columns `filepath` (relative to the folder) and `label` (the class's name).
public struct ImageFolder: Sendable {
    public let table: Table
    public let classNames: ClassNames

    /// - Parameter extensions: in lower case; files with others are passed over, and counted in the log.
    /// - Throws: `DatasetError`: a folder that cannot be read, has no folder inside, or a class without pictures.
    public init(_ path: String, extensions: Set<String> = ["jpg", "jpeg", "png"]) throws(DatasetError) {
        let classes = try FileWalk.entries(of: path).folders
        guard !classes.isEmpty else { throw .noClassFolders(path: path) }
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
                throw .emptyFolder(path: Paths.join(path, name), wanted: "picture (\(wanted))")
            }
        }
        if passedOver > 0 { Logger(label: "concord.datasets").notice("\(path): \(passedOver) files that are no pictures passed over") }
        classNames = ClassNames(classes)
        table = Table(
            TableContents(listing: path, columns: ["filepath", "label"], placeColumn: "filepath", rows: rows, bad: BadRows()))
    }
}

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
        (table, classNames) = try ClassFolders.table(path, extensions: extensions, of: "picture")
    }
}

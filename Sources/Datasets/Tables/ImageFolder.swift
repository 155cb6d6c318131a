/// Images sorted into one folder a class: `FOLDER/CLASS/…/image.jpg`.
///
/// The classes are the folders' names in the order of their bytes, as torchvision's `ImageFolder` orders them. The
/// table has the columns `filepath` (relative to the folder) and `label` (the class's name). A file or folder that
/// links reach a second time counts once.
public struct ImageFolder: Sendable {
    public let table: Table
    public let classNames: ClassNames

    /// - Parameter extensions: endings of the files that count, in lower case; where nil, those of images that are
    ///   read, and files with any other name that are such images by their first bytes. What is passed over, and a
    ///   class without images, is counted in the log.
    /// - Throws: `DatasetError`: a folder that cannot be read, has no folder inside, or no images.
    public init(_ path: String, extensions: Set<String>? = nil) throws(DatasetError) {
        (table, classNames) = try ClassFolders.table(path, extensions: extensions, of: .image, called: "image")
    }
}

/// Audios sorted into one folder a class: `FOLDER/CLASS/…/sound.wav`; otherwise as `ImageFolder`.
public struct AudioFolder: Sendable {
    /// Columns `filepath` (relative to the folder) and `label` (the class's name).
    public let table: Table
    public let classNames: ClassNames

    /// - Parameter extensions: endings of the files that count, in lower case; where nil, those of sounds that are
    ///   read, and files with any other name that are such sounds by their first bytes. What is passed over, and a
    ///   class without sounds, is counted in the log.
    /// - Throws: `DatasetError`: a folder that cannot be read, has no folder inside, or no sounds.
    public init(_ path: String, extensions: Set<String>? = nil) throws(DatasetError) {
        (table, classNames) = try ClassFolders.table(path, extensions: extensions, of: .sound, called: "sound")
    }
}

extension Audio {
    /// What the names of files that are read commonly end in.
    public static let fileExtensions: Set<String> = MediaFile.endings(of: .sound)
}

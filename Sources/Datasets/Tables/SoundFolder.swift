/// Sounds sorted into one folder a class: `FOLDER/CLASS/…/sound.wav`; otherwise as `ImageFolder`.
public struct SoundFolder: Sendable {
    /// Columns `filepath` (relative to the folder) and `label` (the class's name).
    public let table: Table
    public let classNames: ClassNames

    /// - Parameter extensions: in lower case; files with others are passed over, and counted in the log.
    /// - Throws: `DatasetError`: a folder that cannot be read, has no folder inside, or a class without sounds.
    public init(_ path: String, extensions: Set<String> = Sound.fileExtensions) throws(DatasetError) {
        (table, classNames) = try ClassFolders.table(path, extensions: extensions, of: "sound")
    }
}

extension Sound {
    /// What the names of files that are read commonly end in.
    public static let fileExtensions: Set<String> = ["wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "au", "caf", "w64"]
}

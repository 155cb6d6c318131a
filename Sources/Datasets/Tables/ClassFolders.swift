import ConcordFiles
import Logging

/// A folder with one folder a class.
enum ClassFolders {
    /// - Parameters:
    ///   - extensions: endings that are taken on trust, in lower case; files with others are judged by their first
    ///     bytes.
    ///   - kind: what the files are, in messages: "image".
    static func table(
        _ path: String, extensions: Set<String>?, of medium: MediaKind.Medium, called kind: String
    ) throws(DatasetError) -> (table: Table, classNames: ClassNames) {
        let folders = try FileWalk.folders(in: path)
        guard !folders.isEmpty else { throw .noClassFolders(path: path, kind: kind) }
        let found = try FileWalk.files(under: path)
        var rows: [[String]] = [], rejected = found.rejected, passedOver = 0, counts: [String: Int] = [:],
            looseCount = 0
        for file in found.files {
            guard let slash = file.firstIndex(of: "/") else {
                looseCount += 1
                continue
            }
            let name = String(file[..<slash])
            if let extensions {
                guard extensions.contains(Paths.fileExtension(of: file)) else {
                    passedOver += 1
                    continue
                }
            } else if !MediaFile.endings(of: medium).contains(Paths.fileExtension(of: file)) {
                switch MediaFile.judge(Paths.join(path, file), as: medium) {
                case .read: break
                case .rejected(let reason):
                    rejected.append(Rejected(name: Paths.join(path, file), reason: reason))
                    continue
                case .other:
                    passedOver += 1
                    continue
                }
            }
            rows.append([file, name])
            counts[name, default: 0] += 1
        }
        let classes = folders.filter { counts[$0] != nil }
        guard !classes.isEmpty else {
            throw .emptyFolder(path: path, wanted: "\(kind)")
        }
        let log = Logger(label: "concord.datasets")
        for folder in folders where counts[folder] == nil {
            log.warning("\(Paths.join(path, folder)): no \(kind) in this folder; class \"\(folder)\" is left out")
        }
        for file in rejected.prefix(8) { log.warning("\(PathEncoding.readable("\(file.name): \(file.reason)"))") }
        if rejected.count > 8 {
            log.warning("\(path): \(rejected.count) \(kind) files left out in all, of \(rejected.count + rows.count)")
        }
        if passedOver > 0 { log.notice("\(path): \(passedOver) files that are no \(kind)s passed over") }
        if looseCount > 0 { log.notice("\(path): \(looseCount) files beside the class folders passed over") }
        if let first = found.repeated.first {
            log.notice(
                "\(path): \(found.repeated.count) further names of files and folders counted once, the first \(first)")
        }
        let contents = TableContents(
            listing: path, columns: ["filepath", "label"], placeColumn: "filepath", rows: rows, bad: BadRows())
        return (Table(contents), ClassNames(classes))
    }
}

/// Images sorted into one folder a class: `FOLDER/CLASS/…/image.jpg`.
///
/// The classes are the folders' names in the order of their bytes, as torchvision's `ImageFolder` orders them. The
/// table has the columns `filepath` (relative to the folder) and `label` (the class's name). A file or folder that
/// links reach a second time counts once.
public struct ImageFolder: Sendable {
    /// Columns `filepath` (relative to the folder) and `label` (the class's name).
    public let table: Table
    /// The classes, in the order of the folders' names.
    public let classNames: ClassNames

    /// - Parameter extensions: endings of the files that count, in lower case; where nil, those of images that are
    ///   read, and files with any other name that are such images by their first bytes. What is passed over, and a
    ///   class without images, is counted in the log.
    /// - Throws: `DatasetError`: a folder that cannot be read, has no folder inside, or no images.
    public init(_ path: String, extensions: Set<String>? = nil) throws(DatasetError) {
        (table, classNames) = try ClassFolders.table(path, extensions: extensions, of: .image, called: "image")
    }
}

/// Audios sorted into one folder a class: `FOLDER/CLASS/…/sound.wav`; otherwise as `ImageFolder`.
public struct AudioFolder: Sendable {
    /// Columns `filepath` (relative to the folder) and `label` (the class's name).
    public let table: Table
    /// The classes, in the order of the folders' names.
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

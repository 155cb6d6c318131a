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

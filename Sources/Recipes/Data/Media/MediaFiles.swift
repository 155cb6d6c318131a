public import ConcordDatasets
import ConcordFiles

/// Image, sound or text files that somebody names, one by one or by their folders.
public enum MediaFiles {
    /// The files that will be read, and those that will not be.
    public struct Listing: Sendable {
        /// In the order of what was named; a folder's own files before those of its folders, by their names' bytes.
        public fileprivate(set) var paths: [String] = []
        /// Files that are not there, cannot be read, or are of a kind that is not read.
        public fileprivate(set) var rejected: [Rejected] = []
        /// Files in the folders that are no media of this kind: a `readme.txt`, a sound among images.
        public fileprivate(set) var otherCount = 0
        /// Further names, in the folders, of files that are listed already.
        public fileprivate(set) var repeatedCount = 0
        /// Files that were meant: those listed and those rejected.
        public var count: Int { paths.count + rejected.count }
    }

    /// The files of `paths`, and of the folders among them those of one modality, anywhere below. Of videos the folders
    /// that have frames directly in them.
    ///
    /// Images and audio in folders are recognized by their first bytes, so that names without an ending count; texts by
    /// the ending `.txt`. Each file of the folders counts once, whatever links lead to it.
    /// - Throws: `RecipeError` where nothing is left.
    public static func list(_ paths: [String], _ modality: Modality) throws -> Listing {
        guard modality != .video else { return try videos(paths) }
        var listing = Listing(), walk = FileWalk()
        for path in paths where !isFolder(path) { walk.insert(file: path) }
        for path in paths {
            if isFolder(path) {
                let found = try walk.files(under: path)
                listing.rejected += found.rejected
                listing.repeatedCount += found.repeated.count
                for file in found.files { listing.append(Paths.join(path, file), modality, inFolder: true) }
            } else {
                listing.append(path, modality, inFolder: false)
            }
        }
        guard !listing.paths.isEmpty else {
            guard let first = listing.rejected.first else {
                let others = listing.otherCount > 0 ? ", only \(listing.otherCount) other files" : ""
                throw RecipeError.unreadable(
                    path: paths.first ?? "", reason: "no \(noun(modality)) files in this folder\(others)")
            }
            let more =
                listing.rejected.count > 1 ? " (and \(listing.rejected.count - 1) more files that are not read)" : ""
            throw RecipeError.unreadable(path: first.name, reason: first.reason + more)
        }
        return listing
    }

    /// The folders of frames that are named, and those below them.
    private static func videos(_ paths: [String]) throws -> Listing {
        var listing = Listing(), seen: Set<String> = []
        for path in paths {
            do {
                for video in try VideoFolder.videos(under: path) {
                    let folder = video.path == "." ? path : Paths.join(path, video.path)
                    if seen.insert(CanonicalPath.of(folder)).inserted {
                        listing.paths.append(folder)
                    } else {
                        listing.repeatedCount += 1
                    }
                }
            } catch { listing.rejected.append(Rejected(name: path, reason: "\(error)".removing(prefix: "\(path): "))) }
        }
        guard let first = listing.rejected.first, listing.paths.isEmpty else { return listing }
        throw RecipeError.unreadable(path: first.name, reason: first.reason)
    }

    private static func noun(_ modality: Modality) -> String {
        switch modality {
        case .image: "image"
        case .audio: "sound"
        case .video: "video"
        case .text: "text"
        case .id: "id"
        }
    }

    private static func isFolder(_ path: String) -> Bool { Folder.isThere(path) }
}

extension MediaFiles.Listing {
    fileprivate mutating func append(_ path: String, _ modality: Modality, inFolder: Bool) {
        guard let medium: MediaKind.Medium = modality == .image ? .image : modality == .audio ? .sound : nil else {
            if !inFolder || Paths.fileExtension(of: path) == "txt" { paths.append(path) } else { otherCount += 1 }
            return
        }
        switch MediaFile.judge(path, as: medium) {
        case .read: paths.append(path)
        case .rejected(let reason): rejected.append(Rejected(name: path, reason: reason))
        case .other(let reason):
            if inFolder { otherCount += 1 } else { rejected.append(Rejected(name: path, reason: reason)) }
        }
    }
}

extension String {
    fileprivate func removing(prefix: String) -> String { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self }
}

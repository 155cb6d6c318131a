import ConcordFiles
import Synchronization

/// Numbers that cost a pass over a file, kept while the file stays as it is: lengths that no header says.
final class AudioLengths: Sendable {
    static let shared = AudioLengths()

    private struct Entry { var mpeg: MPEGLength??, frames: Int? }
    private let entries = Mutex<[FileVersion: Entry]>([:])

    func frames(of version: FileVersion) -> Int? { entries.withLock { $0[version]?.frames } }

    func insert(frames: Int, of version: FileVersion) {
        entries.withLock { $0[version, default: Entry()].frames = frames }
    }

    func mpeg(of version: FileVersion) -> MPEGLength?? { entries.withLock { $0[version]?.mpeg } }

    func insert(mpeg: MPEGLength?, of version: FileVersion) {
        entries.withLock { $0[version, default: Entry()].mpeg = .some(mpeg) }
    }
}

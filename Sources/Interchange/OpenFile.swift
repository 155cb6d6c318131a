import ConcordFiles

/// A file of tensors open for reading from several threads at once; closed with its last owner.
final class OpenFile: Sendable {
    private let file: RegularFile

    var path: String { file.path }
    var size: Int { file.size }

    init(path: String) throws(InterchangeError) {
        do throws(FileError) { file = try RegularFile(reading: path) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    func bytes(_ count: Int, at offset: Int) throws(InterchangeError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(InterchangeError) in try read(into: buffer, at: offset) }
        }.get()
        return bytes
    }

    /// Fills `buffer` from `offset` on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(InterchangeError) {
        let count: Int
        do throws(FileError) { count = try file.read(into: buffer, at: offset) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        guard count == buffer.count else {
            throw .malformed(path: path, problem: "it became shorter while it was read")
        }
    }
}

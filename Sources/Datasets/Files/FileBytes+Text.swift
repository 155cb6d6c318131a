import ConcordFiles
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension FileBytes {
    /// A copy of bytes in memory.
    convenience init(_ bytes: [UInt8]) {
        guard let block = malloc(max(1, bytes.count)) else { OutOfMemory.fail(bytes.count, for: "a table") }
        bytes.withUnsafeBytes { if let source = $0.baseAddress { block.copyMemory(from: source, byteCount: $0.count) } }
        self.init(adopting: block, count: bytes.count)
    }

    /// The bytes of a file of UTF-8 text.
    /// - Throws: `DatasetError.unreadable` with the system's reason, `.encoding` where it is no UTF-8 text.
    static func readingText(_ path: String) throws(DatasetError) -> FileBytes {
        let bytes: FileBytes
        do throws(FileError) { bytes = try reading(path) } catch {
            throw .unreadable(path: path, reason: error.isFolder ? "a folder, where a file is wanted" : error.reason)
        }
        if let foreign = ForeignText(bytes.buffer, path: path) {
            throw .encoding(path: path, found: foreign.found, remedy: foreign.remedy)
        }
        return bytes
    }
}

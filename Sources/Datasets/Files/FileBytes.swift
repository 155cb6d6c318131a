import ConcordFiles
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A file's contents in memory, read once.
///
/// It is a copy and not a mapping: a file that shrinks while it is mapped kills the process.
package final class FileBytes: @unchecked Sendable {
    package let base: UnsafePointer<UInt8>
    package let count: Int

    private let block: UnsafeMutableRawPointer

    /// Takes over a block of malloc's.
    private init(_ block: UnsafeMutableRawPointer, count: Int) {
        self.block = block
        base = UnsafePointer(block.assumingMemoryBound(to: UInt8.self))
        self.count = count
    }

    package convenience init(_ bytes: [UInt8]) {
        guard let block = malloc(max(1, bytes.count)) else { OutOfMemory.fail(bytes.count, for: "a table") }
        bytes.withUnsafeBytes { if let source = $0.baseAddress { block.copyMemory(from: source, byteCount: $0.count) } }
        self.init(block, count: bytes.count)
    }

    deinit { free(block) }

    /// - Throws: `DatasetError.unreadable` with the system's reason.
    package static func reading(_ path: String) throws(DatasetError) -> FileBytes {
        func fault() -> DatasetError { .unreadable(path: path, reason: String(cString: strerror(errno))) }
        let descriptor = PathEncoding.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw fault() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault() }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw .unreadable(path: path, reason: "a folder, where a file is wanted")
        }
        do throws(FileError) { try MemoryLimit.requireRoom(for: Int(status.st_size), of: path) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        var capacity = max(Int(status.st_size), 4095) + 1, filled = 0
        guard var block = malloc(capacity) else { throw fault() }
        while true {
            if filled == capacity {
                capacity *= 2
                guard let larger = realloc(block, capacity) else {
                    free(block)
                    throw fault()
                }
                block = larger
            }
            let got = read(descriptor, block + filled, capacity - filled)
            if got > 0 { filled += got }
            if got == 0 { break }
            if got < 0, errno != EINTR {
                let error = fault()
                free(block)
                throw error
            }
        }
        return FileBytes(block, count: filled)
    }

    /// The bytes of a range as text, invalid ones replaced by U+FFFD.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(start: base + range.lowerBound, count: range.count), as: UTF8.self)
    }

    /// Whether a range is UTF-8; ranges of ASCII, the common case, cost a look at eight bytes at a time.
    package func isUTF8(_ range: Range<Int>) -> Bool {
        let raw = UnsafeRawPointer(base)
        var p = range.lowerBound
        while p + 8 <= range.upperBound {
            if raw.loadUnaligned(fromByteOffset: p, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { break }
            p += 8
        }
        while p < range.upperBound, base[p] < 0x80 { p += 1 }
        if p == range.upperBound { return true }
        return String(validating: UnsafeBufferPointer(start: base + p, count: range.upperBound - p), as: UTF8.self)
            != nil
    }

    /// Length of a UTF-8 byte order mark at the start.
    package var markLength: Int { count >= 3 && base[0] == 0xEF && base[1] == 0xBB && base[2] == 0xBF ? 3 : 0 }

    /// - Throws: `DatasetError.encoding` where this is no UTF-8 text.
    package func requireText(_ path: String) throws(DatasetError) {
        guard let foreign = ForeignText(UnsafeBufferPointer(start: base, count: count), path: path) else { return }
        throw .encoding(path: path, found: foreign.found, remedy: foreign.remedy)
    }
}

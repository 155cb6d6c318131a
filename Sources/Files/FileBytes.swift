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
    package init(adopting block: UnsafeMutableRawPointer, count: Int) {
        self.block = block
        base = UnsafePointer(block.assumingMemoryBound(to: UInt8.self))
        self.count = count
    }

    deinit { free(block) }

    /// The bytes of a file, a pipe or a device.
    package static func reading(_ path: String) throws(FileError) -> FileBytes {
        let descriptor = PathEncoding.withCString(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, code: errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw FileError(path: path, code: EISDIR) }
        try MemoryLimit.requireRoom(for: Int(status.st_size), of: path)
        // One byte more than the file says it has: reading then sees the end. Some (in /proc) say 0 and have more.
        var capacity = max(Int(status.st_size), 4095) + 1, filled = 0
        guard var block = malloc(capacity) else { throw FileError(path: path, code: ENOMEM) }
        do throws(FileError) {
            while true {
                if filled == capacity {
                    try MemoryLimit.requireRoom(for: 2 * capacity, of: path)
                    guard let larger = realloc(block, 2 * capacity) else { throw FileError(path: path, code: ENOMEM) }
                    (block, capacity) = (larger, 2 * capacity)
                }
                let got = read(descriptor, block + filled, capacity - filled)
                if got == 0 { return FileBytes(adopting: block, count: filled) }
                if got < 0, errno != EINTR { throw FileError(path: path, code: errno) }
                filled += max(0, got)
            }
        } catch {
            free(block)
            throw error
        }
    }

    /// All of the bytes; valid as long as the value.
    package var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

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

    /// Length of a UTF-8 byte-order mark at the start.
    package var markLength: Int { ByteOrderMark.length(in: buffer) }
}

#if canImport(Glibc)
    import Glibc
#endif

/// The resident memory of the process, as the kernel counts it.
package final class ResidentMemory {
    private let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    private let page = sysconf(Int32(_SC_PAGESIZE))

    package init() {}
    deinit { if file >= 0 { close(file) } }

    /// In bytes; 0 where the kernel does not say.
    package var bytes: Int {
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(file, &buffer, buffer.count, 0)
        guard count > 0 else { return 0 }
        let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * page : 0
    }
}

#if canImport(Glibc)
    import Glibc
#endif

import ConcordFiles

/// A lock on a run directory against other processes, and other sessions of this one, while this value lives.
final class RunLock: Sendable {
    private let descriptor: Int32?

    /// - Parameter descriptor: an open file with the lock; nil where the file system has none.
    init(_ descriptor: Int32?) { self.descriptor = descriptor }

    deinit { if let descriptor { close(descriptor) } }
}

extension RunDirectory {
    var lock: String { path + "/lock" }

    /// Takes the run until the lock is released, or the process ends, however it ends: the kernel drops it then.
    ///
    /// On NFS it holds between hosts where the server supports locks (`flock` is emulated by byte-range locks since
    /// Linux 2.6.12).
    /// - Throws: `RecipeError` that names who holds it.
    func takeLock() throws -> RunLock {
        let descriptor = PathEncoding.withCString(lock) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw RecipeError.unreadable(path: lock, reason: "cannot be made: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            var holder = [UInt8](repeating: 0, count: 256)
            let count = max(0, pread(descriptor, &holder, holder.count, 0))
            close(descriptor)
            guard code == EWOULDBLOCK else { return RunLock(nil) }  // a file system without locks
            let name = String(decoding: holder[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
            throw RecipeError.unreadable(
                path: path,
                reason:
                    """
                        another process trains into this directory\(name.isEmpty ? "" : " (\(name))"); wait for it, or \
                        end it
                        """
            )
        }
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let machine = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let line = Array("process \(getpid()) on \(machine), since \(Self.localTime())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, line, line.count, 0)
        return RunLock(descriptor)
    }

    /// `2026-11-28 17:04:05`, in the time zone of the machine.
    private static func localTime() -> String {
        var now = time(nil), parts = tm()
        guard localtime_r(&now, &parts) != nil else { return "an unknown time" }
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%F %T", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

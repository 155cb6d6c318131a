#if canImport(Glibc)
    import Glibc
#endif

/// What this process used since it started, as the kernel counts it.
package struct ProcessUsage: Equatable {
    /// In user and kernel mode, of all threads.
    package var processorSeconds = 0.0
    /// The most that was resident at once.
    package var peakResidentBytes = 0
    /// By system calls, whether from disks, caches, pipes or other files; files in mapped memory are not in it.
    package var bytesRead = 0, bytesWritten = 0
    /// What the disks were asked for, mapped files included.
    package var storageBytesRead = 0, storageBytesWritten = 0

    /// - Parameter process: the folder of the process's own files.
    package static func now(process: String = "/proc/self") -> ProcessUsage {
        var usage = ProcessUsage(), times = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &times) == 0 {
            let micros = times.ru_utime.tv_usec + times.ru_stime.tv_usec
            usage.processorSeconds = Double(times.ru_utime.tv_sec + times.ru_stime.tv_sec) + Double(micros) * 1e-6
        }
        // ru_maxrss is inherited from the program that started this one
        usage.peakResidentBytes = (fields(process + "/status")["VmHWM"] ?? 0) << 10
        let io = fields(process + "/io")
        usage.bytesRead = io["rchar"] ?? 0
        usage.bytesWritten = io["wchar"] ?? 0
        usage.storageBytesRead = io["read_bytes"] ?? 0
        usage.storageBytesWritten = io["write_bytes"] ?? 0
        return usage
    }

    /// The whole numbers of lines `name: number …`.
    private static func fields(_ path: String) -> [String: Int] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [:] }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return [:] }
        var result: [String: Int] = [:]
        for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " || $0 == "\t" })
            if parts.count > 1, let number = Int(parts[1]) { result[String(parts[0])] = number }
        }
        return result
    }
}

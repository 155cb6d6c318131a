#if canImport(Glibc)
    import Glibc
#endif

/// How much memory this process may still take: the least of what the machine, its control groups and its own resource
/// limits leave.
///
/// A request beyond it would be granted by an overcommitting kernel, which then kills the process (or another one) when
/// the pages are used.
package struct MemoryLimit: Sendable, Equatable {
    package enum Source: String, Sendable {
        case machine = "this machine"
        case controlGroup = "the control group (cgroup memory.max)"
        case addressSpace = "the limit on address space (ulimit -v)"
        case dataSegment = "the limit on data (ulimit -d)"
    }

    package let source: Source
    /// In bytes.
    package let total: Int
    /// Of `total`, what is free now or could be freed by the kernel.
    package let available: Int

    /// The tightest limit on pages in use: of the machine or of a control group.
    package static var physical: MemoryLimit? {
        ([machine] + controlGroups).compactMap { $0 }.min { $0.available < $1.available }
    }

    /// The tightest limit on addresses (RLIMIT_AS, RLIMIT_DATA), used or not; nil without one.
    package static var addresses: MemoryLimit? {
        let pages = words("/proc/self/statm").map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        guard pages.count > 5 else { return nil }
        let limits = [
            limit(__rlimit_resource_t(RLIMIT_AS.rawValue), .addressSpace, used: pages[0]),
            limit(__rlimit_resource_t(RLIMIT_DATA.rawValue), .dataSegment, used: pages[5]),
        ]
        return limits.compactMap { $0 }.min { $0.available < $1.available }
    }

    /// The tightest limit of all.
    package static var current: MemoryLimit? {
        [physical, addresses].compactMap { $0 }.min { $0.available < $1.available }
    }

    /// Whether `bytes` more may be taken; true where no limit can be read.
    package static func permits(_ bytes: Int) -> Bool { current.map { bytes <= $0.available } ?? true }

    /// Refuses to hold a large part of a file in memory where there is not that much: a Swift array would trap.
    package static func requireRoom(for bytes: Int, of path: String) throws(FileError) {
        guard bytes >= 16 << 20, let limit = current, bytes > limit.available else { return }
        throw FileError(
            path: path, code: ENOMEM,
            reason:
                "\(size(bytes)) do not fit into memory: \(size(limit.available)) left of the \(size(limit.total)) of "
                + limit.source.rawValue)
    }

    private static func limit(_ resource: __rlimit_resource_t, _ source: Source, used: Int) -> MemoryLimit? {
        var value = rlimit()
        guard getrlimit(resource, &value) == 0, value.rlim_cur < rlim_t(Int.max) else { return nil }
        let total = Int(value.rlim_cur)
        return MemoryLimit(source: source, total: total, available: max(0, total - used))
    }

    private static var machine: MemoryLimit? {
        var fields: [String: Int] = [:]
        for line in lines("/proc/meminfo") {
            let parts = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            if parts.count > 1, let kibibytes = Int(parts[1]) { fields[String(parts[0])] = kibibytes << 10 }
        }
        guard let total = fields["MemTotal"], let available = fields["MemAvailable"] else { return nil }
        let swap = fields["SwapFree"] ?? 0
        return MemoryLimit(source: .machine, total: total + (fields["SwapTotal"] ?? 0), available: available + swap)
    }

    /// The limits of this process's control group and of those above it.
    private static var controlGroups: [MemoryLimit?] {
        var result: [MemoryLimit?] = []
        for line in lines("/proc/self/cgroup") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isUnified = parts[1].isEmpty
            guard isUnified || parts[1].split(separator: ",").contains("memory") else { continue }
            let root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
            var path = parts[2] == "/" ? "" : String(parts[2])
            while true {
                result.append(controlGroup(root + path, isUnified: isUnified))
                guard let slash = path.lastIndex(of: "/") else { break }
                path = String(path[..<slash])
            }
        }
        return result
    }

    private static func controlGroup(_ folder: String, isUnified: Bool) -> MemoryLimit? {
        let limit = words(folder + (isUnified ? "/memory.max" : "/memory.limit_in_bytes")).first
        guard let limit, limit < 1 << 60 else { return nil }  // version 1 writes a huge number for none
        let used = words(folder + (isUnified ? "/memory.current" : "/memory.usage_in_bytes")).first ?? 0
        var cached = 0  // page cache that the kernel drops before it kills
        for line in lines(folder + "/memory.stat")
        where line.hasPrefix(isUnified ? "inactive_file " : "total_inactive_file ") {
            cached = line.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }
        return MemoryLimit(source: .controlGroup, total: limit, available: max(0, limit - used + cached))
    }

    /// The whole numbers of a small file.
    private static func words(_ path: String) -> [Int] {
        lines(path).flatMap { $0.split(separator: " ").compactMap { Int($0) } }
    }

    private static func lines(_ path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
    }

    /// `15.7 GB`, `512 MB`, `800 bytes`: in powers of 1000, for people.
    package static func size(_ bytes: Int) -> String {
        for (unit, scale) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(bytes) >= scale {
            let value = Double(bytes) / scale
            return value >= 100 ? "\(Int(value.rounded())) \(unit)" : "\((value * 10).rounded() / 10) \(unit)"
        }
        return "\(bytes) bytes"
    }
}

#if canImport(Glibc)
    import Glibc
#endif

/// The energy that the machine's processors use, by the counters that Linux has of Intel's and AMD's (RAPL).
///
/// ```swift
/// let meter = EnergyMeter()
/// if let joules = meter.joules { print(joules) } else { print(meter.absence ?? "") }
/// ```
///
/// Counted are the packages (`intel-rapl:0`, `intel-rapl:1`, …: sockets with their cores, caches and memory
/// controllers), not their parts, and all that runs on them: other processes too. Memory, disks and graphics cards are
/// not in it. A counter starts over at its `max_energy_range_uj`, at some hundred watts after about ten minutes: one
/// turn between two readings is counted right, two are not.
/// - Source: Linux, Documentation/power/powercap/powercap.rst.
public final class EnergyMeter {
    /// Why there is no energy: no such file, or which file may not be read. Nil where there is.
    public let absence: String?
    private var packages: [Package] = []
    private var counted = 0.0

    /// The counter of one socket.
    private struct Package {
        let path: String
        /// In microjoules, after which the counter is 0 again.
        let range: UInt64
        var last: UInt64
    }

    /// - Parameter root: the folder of the counters, one folder a domain.
    public init(root: String = "/sys/class/powercap") {
        let found = Self.packages(in: root)
        switch found {
        case .success(let packages): (self.packages, absence) = (packages, nil)
        case .failure(let absence): self.absence = absence.reason
        }
    }

    /// Since this meter was made, in joules; nil where the machine does not tell.
    public var joules: Double? {
        guard !packages.isEmpty else { return nil }
        for place in packages.indices {
            let package = packages[place]
            guard let now = Self.number(package.path + "/energy_uj").value else { continue }
            let used = now >= package.last ? now - package.last : now &+ package.range &- package.last
            counted += Double(used) * 1e-6
            packages[place].last = now
        }
        return counted
    }

    private struct Absence: Error { let reason: String }

    private static func packages(in root: String) -> Result<[Package], Absence> {
        guard let folder = opendir(root) else {
            let reason = errno == ENOENT ? "this machine or container shows no RAPL counters" : systemMessage()
            return .failure(Absence(reason: "\(root): \(reason)"))
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // intel-rapl:0 is a package, intel-rapl:0:1 a part of one
            let parts = name.split(separator: ":")
            if parts.count == 2, parts[0] == "intel-rapl", Int(parts[1]) != nil { names.append(name) }
        }
        var packages: [Package] = []
        for name in names.sorted() {
            let path = "\(root)/\(name)"
            // beside the packages there may be `psys`, which has all of them in it
            guard text(path + "/name").value.map({ $0.hasPrefix("package") }) ?? true else { continue }
            let energy = number(path + "/energy_uj"), range = number(path + "/max_energy_range_uj")
            guard let last = energy.value else { return .failure(Absence(reason: energy.problem)) }
            packages.append(Package(path: path, range: range.value ?? 0, last: last))
        }
        guard !packages.isEmpty else {
            return .failure(Absence(reason: "\(root): no intel-rapl package among its domains"))
        }
        return .success(packages)
    }

    private static func number(_ path: String) -> (value: UInt64?, problem: String) {
        let read = text(path)
        guard let text = read.value else { return (nil, read.problem) }
        return (UInt64(text), "\(path): no whole number in it")
    }

    /// The first line of a small file.
    private static func text(_ path: String) -> (value: String?, problem: String) {
        guard let file = fopen(path, "r") else { return (nil, "\(path): \(systemMessage())") }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, Int32(buffer.count), file) != nil else { return (nil, "\(path): \(systemMessage())") }
        let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return (String(decoding: bytes, as: UTF8.self), "")
    }
}

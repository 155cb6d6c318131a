import ConcordFiles

/// Memory that this process may still take: the machine's or the control group's, whichever is less.
enum FreeMemory {
    static var bytes: Int {
        var free = 1 << 30  // where nothing can be read
        if let text = text("/proc/meminfo"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") })
        {
            free = line.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 } ?? free
        }
        // What the group's page cache takes can be had back, so what counts is its processes' own memory.
        if let limit = number("/sys/fs/cgroup/memory.max"),
            let used = number("/sys/fs/cgroup/memory.stat", after: "anon ")
        {
            free = min(free, max(0, limit - used))
        }
        return free
    }

    private static func text(_ path: String) -> String? { (try? FileBytes.reading(path)).map { $0.text(0..<$0.count) } }

    private static func number(_ path: String, after prefix: String = "") -> Int? {
        guard let text = text(path), text.hasPrefix(prefix) else { return nil }
        return Int(text.dropFirst(prefix.count).prefix { $0.isNumber })
    }
}

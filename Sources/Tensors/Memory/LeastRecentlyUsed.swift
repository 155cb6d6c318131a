/// A dictionary that forgets what was used longest ago when it is full.
struct LeastRecentlyUsed<Key: Hashable, Value> {
    private var entries: [Key: (value: Value, used: Int)] = [:]
    private var clock = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    subscript(key: Key) -> Value? {
        mutating get {
            clock += 1
            entries[key]?.used = clock
            return entries[key]?.value
        }
        set {
            clock += 1
            entries[key] = newValue.map { ($0, clock) }
            if entries.count > capacity { forget() }
        }
    }

    /// Drops a quarter at once, so that the search for the oldest is paid rarely.
    private mutating func forget() {
        let times = entries.values.map(\.used).sorted()
        let bound = times[(entries.count - 1) / 4]
        entries = entries.filter { $0.value.used > bound }
    }

    mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        entries = entries.filter { !isUnwanted($0.value.value) }
    }
}

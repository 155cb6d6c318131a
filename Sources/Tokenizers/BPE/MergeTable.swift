/// Which pairs of ids merge, in what order and into what: an open-addressing hash table.
struct MergeTable: Sendable {
    struct Slot {
        var key = UInt64.max
        var rank = UInt32.max
        var result: Int32 = -1
    }

    private let slots: [Slot]

    /// - Parameter merges: the first of the list merges first; of two of one pair the later counts.
    init(_ merges: [(left: Int32, right: Int32, result: Int32)]) {
        var size = 16
        while size < merges.count * 2 { size *= 2 }
        var slots = [Slot](repeating: Slot(), count: size)
        for (rank, merge) in merges.enumerated() {
            let key = Self.key(merge.left, merge.right)
            var place = Self.place(of: key, among: size)
            while slots[place].key != .max && slots[place].key != key { place = (place + 1) & (size - 1) }
            slots[place] = Slot(key: key, rank: UInt32(rank), result: merge.result)
        }
        self.slots = slots
    }

    func withReader<R>(_ body: (Reader) -> R) -> R { slots.withUnsafeBufferPointer { body(Reader(slots: $0)) } }

    /// The table as loops see it.
    struct Reader {
        let slots: UnsafeBufferPointer<Slot>

        /// Rank and result of a pair; the greatest rank where it does not merge.
        @inline(__always)
        subscript(_ left: Int32, _ right: Int32) -> (rank: UInt32, result: Int32) {
            let key = MergeTable.key(left, right)
            var place = MergeTable.place(of: key, among: slots.count)
            while true {
                let slot = slots[place]
                if slot.key == key || slot.key == .max { return (slot.rank, slot.result) }
                place = (place + 1) & (slots.count - 1)
            }
        }
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func place(of key: UInt64, among count: Int) -> Int {
        let mixed = key &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32) & (count - 1)
    }
}

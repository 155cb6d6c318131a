import HeapModule

/// A word whose symbols merge, lowest rank first and leftmost among equals. Its memory serves one word after the other.
struct MergingWord {
    private struct Symbol {
        var id: Int32
        var previous: Int32
        var next: Int32
        /// Rank of the pair that this symbol and the next make, and what it merges into.
        var rank = UInt32.max
        var result: Int32 = -1
    }

    private var symbols: [Symbol] = []
    /// `rank << 32 | place` of pairs, some of them gone by now; empty between words.
    private var queue = Heap<UInt64>()
    /// Up to here looking through all pairs for the best is faster than a queue.
    private static let short = 32

    /// The symbols of a word to start from.
    mutating func start(_ ids: some Collection<Int32>) {
        symbols.removeAll(keepingCapacity: true)
        for id in ids {
            let place = Int32(symbols.count)
            symbols.append(Symbol(id: id, previous: place - 1, next: place + 1))
        }
        if !symbols.isEmpty { symbols[symbols.count - 1].next = -1 }
    }

    /// Merges until no pair is left that merges.
    mutating func merge(by table: MergeTable.Reader) {
        guard symbols.count > 1 else { return }
        let isShort = symbols.count <= Self.short
        for place in 0..<symbols.count - 1 { rate(place, by: table, queueing: !isShort) }
        if isShort {
            while let place = best() { merge(at: place, by: table, queueing: false) }
        } else {
            while let entry = queue.popMin() {
                let place = Int(entry & 0xFFFF_FFFF)
                if UInt64(symbols[place].rank) == entry >> 32 { merge(at: place, by: table, queueing: true) }
            }
        }
    }

    func forEach(_ body: (Int32) -> Void) {
        var place = symbols.isEmpty ? -1 : 0
        while place >= 0 {
            body(symbols[place].id)
            place = Int(symbols[place].next)
        }
    }

    /// Whether one symbol is left, of this id.
    func isOne(_ id: Int32) -> Bool { symbols.first.map { $0.id == id && $0.next < 0 } ?? false }

    private func best() -> Int? {
        var place = 0, rank = UInt32.max
        for index in symbols.indices where symbols[index].rank < rank { (place, rank) = (index, symbols[index].rank) }
        return rank == .max ? nil : place
    }

    private mutating func merge(at place: Int, by table: MergeTable.Reader, queueing: Bool) {
        let gone = Int(symbols[place].next)
        symbols[place].id = symbols[place].result
        let next = symbols[gone].next
        symbols[place].next = next
        symbols[gone].rank = .max
        if next >= 0 { symbols[Int(next)].previous = Int32(place) }
        rate(place, by: table, queueing: queueing)
        if symbols[place].previous >= 0 { rate(Int(symbols[place].previous), by: table, queueing: queueing) }
    }

    private mutating func rate(_ place: Int, by table: MergeTable.Reader, queueing: Bool) {
        let next = symbols[place].next
        let (rank, result) = next < 0 ? (.max, -1) : table[symbols[place].id, symbols[Int(next)].id]
        symbols[place].rank = rank
        symbols[place].result = result
        if queueing && rank != .max { queue.insert(UInt64(rank) << 32 | UInt64(place)) }
    }
}

/// A word of the text to train on, as the tokens that it is made of so far.
struct TrainingWord {
    struct Pair: Hashable, Comparable {
        let left: Int32, right: Int32

        init(_ left: Int32, _ right: Int32) {
            self.left = left
            self.right = right
        }

        static func < (a: Pair, b: Pair) -> Bool { a.left != b.left ? a.left < b.left : a.right < b.right }
    }

    var symbols: [Int32]
    /// How often the word occurs in the text.
    let count: Int

    /// Replaces each `pair` by `id`, from left to right, and notes what this changes in the counts of its neighbors.
    mutating func merge(_ pair: Pair, into id: Int32, at word: Int, _ changes: inout PairChanges) {
        var kept = 0, place = 0
        while place < symbols.count {
            let isPair = place + 1 < symbols.count && symbols[place] == pair.left && symbols[place + 1] == pair.right
            if isPair {
                if kept > 0 {
                    changes.add(Pair(symbols[kept - 1], pair.left), -count, in: word)
                    changes.add(Pair(symbols[kept - 1], id), count, in: word)
                }
                if place + 2 < symbols.count {
                    changes.add(Pair(pair.right, symbols[place + 2]), -count, in: word)
                    changes.add(Pair(id, symbols[place + 2]), count, in: word)
                }
            }
            symbols[kept] = isPair ? id : symbols[place]
            kept += 1
            place += isPair ? 2 : 1
        }
        symbols.removeLast(symbols.count - kept)
    }
}

/// Changes of pair counts, and the words in which a pair is new.
struct PairChanges {
    private(set) var counts: [TrainingWord.Pair: Int] = [:]
    private(set) var places: [TrainingWord.Pair: [Int32]] = [:]

    mutating func add(_ pair: TrainingWord.Pair, _ change: Int, in word: Int) {
        counts[pair, default: 0] += change
        guard change > 0 else { return }
        if places[pair]?.last != Int32(word) { places[pair, default: []].append(Int32(word)) }
    }
}

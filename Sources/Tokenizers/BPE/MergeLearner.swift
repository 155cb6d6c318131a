import HeapModule

/// Finds merges: time and again the most frequent pair of neighbors in the words becomes a token of its own.
///
/// The counts of pairs are updated instead of recounted, and a heap gives the best; equal counts go by the
/// ids of the pair, the smaller first. That is Hugging Face's order, so that equal words and starting tokens give equal
/// merges.
struct MergeLearner {
    /// The tokens by id, the starting ones first.
    private(set) var tokens: [[UInt8]]
    /// The pairs that merge, the first first.
    private(set) var merges: [(left: Int, right: Int)] = []

    /// What marks a token that continues a word; the right part of a merge loses it.
    private let prefix: [UInt8]
    private var ids: [[UInt8]: Int32]
    private var words: [TrainingWord]
    private var counts: [Pair: Int] = [:]
    private var queue = Heap<Candidate>()

    /// The most tokens: a trie of them has to stay below 2^24 nodes.
    static let sizeLimit = 1 << 20

    typealias Pair = TrainingWord.Pair

    /// A pair with its count when it was queued and the words that held it then.
    private struct Candidate: Comparable {
        var pair: Pair
        var count: Int
        var words: [Int32]

        static func < (a: Candidate, b: Candidate) -> Bool { a.count != b.count ? a.count > b.count : a.pair < b.pair }
        static func == (a: Candidate, b: Candidate) -> Bool { a.count == b.count && a.pair == b.pair }
    }

    init(tokens: [[UInt8]], prefix: [UInt8], words: [TrainingWord]) {
        self.tokens = tokens
        self.prefix = prefix
        self.words = words
        ids = Dictionary(zip(tokens, Int32(0)...)) { first, _ in first }
    }

    /// Merges until there are `size` tokens or no pair is frequent enough.
    mutating func learn(size: Int, minimumFrequency: Int) {
        countPairs()
        while tokens.count < size, var candidate = queue.popMin() {
            let count = counts[candidate.pair] ?? 0
            if candidate.count != count {
                candidate.count = count
                queue.insert(candidate)
                continue
            }
            guard count >= max(1, minimumFrequency) else { break }
            merge(candidate)
        }
        keepLastOfEach()
    }

    private mutating func countPairs() {
        var changes = PairChanges()
        for (index, word) in words.enumerated() {
            for place in word.symbols.indices.dropLast() {
                changes.add(Pair(word.symbols[place], word.symbols[place + 1]), word.count, in: index)
            }
        }
        apply(changes)
    }

    private mutating func merge(_ candidate: Candidate) {
        let (left, right) = (Int(candidate.pair.left), Int(candidate.pair.right))
        let rest = tokens[right].starts(with: prefix) ? Array(tokens[right].dropFirst(prefix.count)) : tokens[right]
        let token = tokens[left] + rest
        let id = ids[token] ?? Int32(tokens.count)
        if Int(id) == tokens.count {
            tokens.append(token)
            ids[token] = id
        }
        merges.append((left, right))
        var changes = PairChanges()
        for index in candidate.words { words[Int(index)].merge(candidate.pair, into: id, at: Int(index), &changes) }
        apply(changes)
    }

    /// Updates the counts and queues the pairs that are new somewhere.
    private mutating func apply(_ changes: PairChanges) {
        for (pair, change) in changes.counts { counts[pair, default: 0] += change }
        for (pair, words) in changes.places {
            if let count = counts[pair], count > 0 { queue.insert(Candidate(pair: pair, count: count, words: words)) }
        }
    }

    /// A pair can merge twice, when two merges make one token: the later place in the order is the one that counts.
    private mutating func keepLastOfEach() {
        var seen: Set<Pair> = []
        merges = merges.reversed().filter { seen.insert(Pair(Int32($0.left), Int32($0.right))).inserted }.reversed()
    }
}

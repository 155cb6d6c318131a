import ConcordDatasets
import ConcordTensors

/// The duplicates among the items of one input.
struct DuplicateSearch {
    let items: [ComparedItem]
    let summaries: [ItemSummary?]
    let equal: EqualItems
    private(set) var rejected: [Rejected]
    private(set) var notes: [String] = []
    /// Items that represent all that are equal to them.
    var distinct: [Int] { items.indices.filter { equal.first[$0] == $0 && summaries[$0] != nil } }
    /// By the first of equal items.
    private var near: [NearCandidates.Pair] = []

    /// - Parameter progress: is called with the number of items read.
    init(_ items: [ComparedItem], progress: (Int) -> Void) {
        self.items = items
        (summaries, rejected) = ItemSummary.all(items, progress: progress)
        equal = EqualItems(items, summaries)
    }

    func isTrained(_ place: Int) -> Bool { !items[place].item.isHeldOut }

    /// Looks for near duplicates by descriptors, or by words.
    mutating func findNear(progress: (_ done: Int, _ total: Int) -> Void) {
        guard let kind = items.first?.item.input.kind else { return }
        let candidates: NearCandidates? =
            switch kind {
            case .image:
                .byDescriptors(
                    summaries, distinct, isTrained: isTrained, least: NearDuplicates.imageCandidates)
            case .audio:
                .byDescriptors(
                    summaries, distinct, isTrained: isTrained, least: NearDuplicates.soundCandidates,
                    most: NearDuplicates.mostSounds)
            case .text: .byWords(summaries, distinct, isTrained: isTrained)
            case .video, .id: nil
            }
        switch kind {
        case .video: notes.append("videos are compared by the bytes of their frames alone")
        case .text:
            note(distinct.count { !(summaries[$0]?.text?.isComparable ?? false) }, "text", "fewer than eight words")
        case .image: note(distinct.count { summaries[$0]?.descriptor == nil }, "image", "one color")
        case .audio:
            note(distinct.count { summaries[$0]?.descriptor == nil }, "recording", "silence, or less than 30 ms,")
        case .id: break
        }
        guard let candidates else { return }
        noteCut(candidates)
        near = NearDuplicates(items, summaries).confirmed(candidates.pairs) { progress($0, candidates.pairs.count) }
    }

    /// Takes candidates that were found otherwise.
    mutating func findNear(
        among candidates: NearCandidates, isVerified: Bool, progress: (_ done: Int, _ total: Int) -> Void
    ) {
        noteCut(candidates)
        near =
            isVerified
            ? NearDuplicates(items, summaries).confirmed(candidates.pairs) { progress($0, candidates.pairs.count) }
            : candidates.pairs
    }

    /// Adds a sentence of what was done.
    mutating func note(_ sentence: String) { notes.append(sentence) }

    private mutating func note(_ count: Int, _ noun: String, _ what: String) {
        guard count > 0 else { return }
        notes.append(
            "\(Counted.text(count, noun)) \(count == 1 ? "is" : "are") of \(what): compared for equality alone")
    }

    private mutating func noteCut(_ candidates: NearCandidates) {
        guard candidates.cutCount > 0 else { return }
        notes.append(
            "\(Counted.text(candidates.cutCount, "item")) \(candidates.cutCount == 1 ? "has" : "have") more than "
                + "\(candidates.most) similar ones, of which the most similar were compared")
    }

    // MARK: - What was found

    /// Near duplicates of each first item.
    private var neighbors: [Int: [(place: Int, similarity: Float)]] {
        var result: [Int: [(place: Int, similarity: Float)]] = [:]
        for pair in near {
            result[pair.a, default: []].append((pair.b, pair.similarity))
            result[pair.b, default: []].append((pair.a, pair.similarity))
        }
        return result
    }

    /// All pairs across the split: a training item, a held-out one.
    func pairsAcross() -> [Duplicates.Pair] {
        let members = equal.members, neighbors = neighbors
        return items.indices.filter { !isTrained($0) }.flatMap { heldOut -> [Duplicates.Pair] in
            let own = equal.first[heldOut]
            let same = (members[own] ?? []).filter(isTrained).map {
                Duplicates.Pair(
                    train: items[$0].item, heldOut: items[heldOut].item, kind: equal.kind($0, heldOut), similarity: 1)
            }
            let near = (neighbors[own] ?? []).sorted { $0.similarity > $1.similarity }.flatMap { found in
                (members[found.place] ?? []).filter(isTrained).map {
                    Duplicates.Pair(
                        train: items[$0].item, heldOut: items[heldOut].item, kind: .near, similarity: found.similarity)
                }
            }
            return same.sorted { $0.kind.rank < $1.kind.rank } + near
        }
    }

    /// Groups of training items that belong together.
    func groups() -> [Duplicates.Group] {
        let members = equal.members
        var parent: [Int: Int] = [:], least: [Int: Float] = [:]
        func root(_ place: Int) -> Int {
            var place = place
            while let next = parent[place], next != place { place = next }
            return place
        }
        let trained = members.filter { $0.value.contains(where: isTrained) }
        for pair in near where trained[pair.a] != nil && trained[pair.b] != nil {
            let (a, b) = (root(pair.a), root(pair.b))
            let value = min(pair.similarity, least[a] ?? 1, least[b] ?? 1)
            parent[max(a, b)] = min(a, b)
            least[min(a, b)] = value
        }
        let together = Dictionary(grouping: trained.keys.sorted()) { root($0) }
        return together.sorted { $0.key < $1.key }.compactMap { first, places in
            let all = places.flatMap { (members[$0] ?? []).filter(isTrained) }.sorted()
            guard all.count > 1 else { return nil }
            let kinds = all.dropFirst().map { equal.kind(all[0], $0) }
            let kind: Duplicates.Kind =
                places.count > 1 ? .near : kinds.contains(.content) ? .content : .file
            return Duplicates.Group(items: all.map { items[$0].item }, kind: kind, similarity: least[first] ?? 1)
        }
    }

    /// Training items to leave out: those with a held-out duplicate, and of the others all but the first of each that
    /// are duplicates of each other.
    func redundancies() -> [Duplicates.Redundancy] {
        let members = equal.members, neighbors = neighbors
        var kept: Set<Int> = [], result: [Duplicates.Redundancy] = []
        for place in items.indices where isTrained(place) && summaries[place] != nil {
            let own = equal.first[place]
            let same = (members[own] ?? []).filter { $0 != place }
            let near = (neighbors[own] ?? []).sorted { $0.similarity > $1.similarity }.flatMap { found in
                (members[found.place] ?? []).map { (place: $0, similarity: found.similarity) }
            }
            func redundancy(_ isOriginal: (Int) -> Bool) -> Duplicates.Redundancy? {
                // Of several the most alike.
                let kinds = same.filter(isOriginal).map { (place: $0, kind: equal.kind(place, $0)) }
                if let other = kinds.min(by: { $0.kind.rank < $1.kind.rank }) {
                    return .init(
                        item: items[place].item, original: items[other.place].item, kind: other.kind, similarity: 1)
                }
                return near.first { isOriginal($0.place) }.map {
                    .init(
                        item: items[place].item, original: items[$0.place].item, kind: .near,
                        similarity: $0.similarity)
                }
            }
            if let found = redundancy({ !isTrained($0) }) ?? redundancy(kept.contains) {
                result.append(found)
            } else {
                kept.insert(place)
            }
        }
        return result
    }
}

import ConcordDatasets
import ConcordTensors
import Synchronization

/// Candidates that a stricter comparison of their contents confirms.
struct NearDuplicates {
    /// The similarity of descriptors from which images are compared: 99 % of images that a margin of 5 % was cut off on
    /// all sides have it with the whole image.
    static let imageCandidates: Float = 0.75
    /// The same of recordings.
    static let soundCandidates: Float = 0.8
    /// Candidates of an item, at most.
    static let most = 32
    /// The same of recordings: words of one voice are more alike by their descriptors than images are.
    static let mostSounds = 96

    private let items: [ComparedItem]
    private let summaries: [ItemSummary?]

    init(_ items: [ComparedItem], _ summaries: [ItemSummary?]) { (self.items, self.summaries) = (items, summaries) }

    /// Those of the candidates that are near duplicates, with their similarity.
    /// - Parameter progress: is called with the number of candidates done.
    func confirmed(_ candidates: [NearCandidates.Pair], progress: (Int) -> Void) -> [NearCandidates.Pair] {
        // Candidates with the same first item follow each other: it is read once for a run of them.
        let part = 2048
        var result: [NearCandidates.Pair] = []
        for first in stride(from: 0, to: candidates.count, by: part) {
            let last = min(candidates.count, first + part), runs = (last - first + 31) / 32
            let found = Mutex<[Int: [NearCandidates.Pair]]>([:])
            Parallel.runDynamically(runs) { run in
                let range = first + 32 * run..<min(last, first + 32 * run + 32)
                let own = confirmed(candidates[range])
                found.withLock { $0[run] = own }
            }
            result += found.withLock { $0 }.sorted { $0.key < $1.key }.flatMap(\.value)
            progress(last)
        }
        return result
    }

    private func confirmed(_ run: ArraySlice<NearCandidates.Pair>) -> [NearCandidates.Pair] {
        var sound: (place: Int, excerpt: SoundExcerpt)?
        return run.compactMap { pair in
            if let a = summaries[pair.a]?.thumbnail, let b = summaries[pair.b]?.thumbnail {
                let found = ImageComparison(a, b)
                return found.isNearDuplicate ? .init(a: pair.a, b: pair.b, similarity: found.correlation) : nil
            }
            if let a = summaries[pair.a]?.text, let b = summaries[pair.b]?.text {
                let found = a.similarity(to: b)
                return found >= TextShingles.nearSimilarity ? .init(a: pair.a, b: pair.b, similarity: found) : nil
            }
            guard items[pair.a].item.input.kind == .audio else { return nil }
            if sound?.place != pair.a { sound = excerpt(pair.a).map { (pair.a, $0) } }
            guard let sound, sound.place == pair.a, let other = excerpt(pair.b) else { return nil }
            let found = SoundComparison(sound.excerpt, other)
            return found.isNearDuplicate ? .init(a: pair.a, b: pair.b, similarity: found.correlation) : nil
        }
    }

    private func excerpt(_ place: Int) -> SoundExcerpt? { (try? items[place].sound().audio).map { SoundExcerpt($0) } }
}

extension NearCandidates {
    /// Of images or recordings, by their descriptors.
    /// - Parameter places: of the items that are compared, ascending.
    static func byDescriptors(
        _ summaries: [ItemSummary?], _ places: [Int], isTrained: (Int) -> Bool, least: Float,
        most: Int = NearDuplicates.most
    ) -> NearCandidates? {
        let described = places.filter { summaries[$0]?.descriptor != nil }
        guard described.count > 1 else { return nil }
        let rows = described.compactMap { summaries[$0]?.descriptor }
        let vectors = Tensor(rows: rows, paddedTo: rows[0].count)
        let found = NearCandidates(
            vectors, trainCount: described.count(where: isTrained), least: least, most: most)
        return found.renumbered(described)
    }

    /// Of texts that have a key in common.
    static func byWords(_ summaries: [ItemSummary?], _ places: [Int], isTrained: (Int) -> Bool) -> NearCandidates? {
        let compared = places.filter { summaries[$0]?.text?.isComparable ?? false }
        guard compared.count > 1 else { return nil }
        let keys = Mutex<[Int: [UInt64]]>([:])
        Parallel.runDynamically((compared.count + 63) / 64) { run in
            let own = compared[64 * run..<min(compared.count, 64 * run + 64)].map {
                ($0, summaries[$0]?.text?.bands ?? [])
            }
            keys.withLock { keys in for (place, bands) in own { keys[place] = bands } }
        }
        var buckets: [UInt64: [Int]] = [:]
        let bands = keys.withLock { $0 }
        for place in compared { for key in bands[place] ?? [] { buckets[key, default: []].append(place) } }
        var partners: [Int: Set<Int>] = [:], cut: Set<Int> = []
        for bucket in buckets.values where bucket.count > 1 {
            for (number, a) in bucket.enumerated() where isTrained(a) {
                // Of very many texts with the same words each is compared with those that follow it.
                for b in bucket[(number + 1)...].prefix(4 * NearDuplicates.most) { partners[a, default: []].insert(b) }
                if bucket.count - number - 1 > 4 * NearDuplicates.most { cut.insert(a) }
            }
        }
        let pairs = partners.flatMap { a, others in others.map { Pair(a: a, b: $0, similarity: 0) } }
        return NearCandidates(pairs, cutCount: cut.count, most: 4 * NearDuplicates.most)
    }

    /// With the places of the rows in place of their numbers.
    func renumbered(_ places: [Int]) -> NearCandidates {
        NearCandidates(
            pairs.map { Pair(a: places[$0.a], b: places[$0.b], similarity: $0.similarity) }, cutCount: cutCount,
            most: most)
    }
}

import Concord

/// What `dedup --json` prints.
struct DuplicatesJSON: Encodable {
    struct Pair: Encodable {
        let kind: String
        let similarity: Float
        let train, held_out: String
    }
    struct Group: Encodable {
        let kind: String
        let similarity: Float
        let items: [String]
    }
    struct Excluded: Encodable {
        let item, original, kind: String
        let similarity: Float
    }

    struct Accuracy: Encodable {
        let correct, count: Int
        let accuracy: Double

        init(_ found: NearestCopies.Correct) {
            (correct, count, accuracy) = (found.correct, found.count, found.accuracy)
        }
    }
    struct Copies: Encodable {
        let input: String
        let threshold, median_similarity: Float
        let held_out, copies: Int
        let labels: [String: [String: Accuracy]]
    }
    struct Negative: Encodable {
        let first, second: String
        let similarity, own_similarity: Float
    }
    struct Negatives: Encodable {
        let inputs: [String]
        let threshold: Float
        let count, affected, items: Int
        let per_anchor: Double
        let pairs: [Negative]
    }

    let train, held_out: Int
    let leaked: [String: Int]
    let copies: [Copies]?
    let negatives: Negatives?
    let pairs: [Pair]
    let groups: [Group]
    let excluded: [Excluded]
    let notes: [String]
    let left_out: [LeftOut]

    init(_ found: Duplicates, _ likely: LikelyPositives?) {
        copies = found.copies.isEmpty ? nil : found.copies.map { own in
            Copies(
                input: own.input.name, threshold: own.threshold, median_similarity: own.medianSimilarity,
                held_out: own.count, copies: own.copyCount,
                labels: own.labels.mapValues { ["copies": Accuracy($0.copies), "others": Accuracy($0.others)] })
        }
        negatives = likely.map { own in
            Negatives(
                inputs: [own.inputs.first.name, own.inputs.second.name], threshold: own.threshold, count: own.count,
                affected: own.affectedCount, items: own.anchorCount, per_anchor: own.perAnchor,
                pairs: own.pairs.map {
                    Negative(
                        first: $0.first, second: $0.second, similarity: $0.similarity,
                        own_similarity: $0.ownSimilarity)
                })
        }
        (train, held_out) = (found.trainCount, found.heldOutCount)
        let kinds = Duplicates.Kind.allCases.map { ($0.rawValue, found.leakedCount($0)) }
        leaked = Dictionary(uniqueKeysWithValues: kinds + [("total", found.leakedCount)])
        pairs = found.pairs.map {
            Pair(
                kind: $0.kind.rawValue, similarity: $0.similarity, train: $0.train.name, held_out: $0.heldOut.name)
        }
        groups = found.groups.map {
            Group(kind: $0.kind.rawValue, similarity: $0.similarity, items: $0.items.map(\.name))
        }
        excluded = found.redundancies.map {
            Excluded(
                item: $0.item.name, original: $0.original.name, kind: $0.kind.rawValue, similarity: $0.similarity)
        }
        notes = found.notes
        left_out = found.rejected.map(LeftOut.init)
    }
}

import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// How near held-out items are to their nearest training item, by a run's embeddings: whether an answer about them may
/// be a copy of a training item's.
public struct NearestCopies: Sendable {
    /// Items whose nearest training item has their label, of those that have a label.
    public struct Correct: Sendable, Equatable {
        /// With the label of their nearest training item.
        public let correct: Int
        /// With a label.
        public let count: Int

        /// Fraction correct; 0 without items.
        public var accuracy: Double { Double(correct) / Double(max(1, count)) }
    }

    /// The input that the items are of.
    public let input: RecipeInput
    /// The cosine similarity from which the nearest training item is a copy: that of half the median distance of a
    /// training item to its nearest one.
    public let threshold: Float
    /// Held-out items.
    public let count: Int
    /// Those whose nearest training item is a copy.
    public let copyCount: Int
    /// The median similarity of a held-out item to its nearest training item.
    public let medianSimilarity: Float
    /// By column of `data.labels`: how often the nearest training item's label is right, for held-out items that have
    /// a copy and for the others.
    public let labels: [String: (copies: Correct, others: Correct)]

    /// - Parameters:
    ///   - vectors: unit embeddings of the items that `places` names.
    init?(_ search: DuplicateSearch, _ vectors: Tensor, places: [Int], of table: SampleTable) {
        guard let input = search.items.first?.item.input else { return nil }
        let rows = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
        let trained = places.count(where: search.isTrained)
        let heldOut = search.items.indices.filter { !search.isTrained($0) && rows[search.equal.first[$0]] != nil }
        guard trained > 1, !heldOut.isEmpty else { return nil }
        let limit = EmbeddingNeighbors.threshold(vectors, trainCount: trained, isLoose: false)
        var nearest = [(place: Int, similarity: Float)](repeating: (0, 1), count: vectors.shape[0])
        NearCandidates.forEachRow(of: vectors, against: vectors.sliced(0..<trained, axis: 0)) { row, similarities in
            guard row >= trained else {
                nearest[row] = (places[row], 1)  // its own equal
                return
            }
            var best = (place: 0, similarity: -Float.infinity)
            for (place, value) in similarities.enumerated() where value > best.similarity { best = (place, value) }
            nearest[row] = (places[best.place], best.similarity)
        }
        let found = heldOut.map { nearest[rows[search.equal.first[$0], default: 0]] }
        self.input = input
        threshold = limit
        count = heldOut.count
        copyCount = found.count { $0.similarity >= limit }
        medianSimilarity = found.map(\.similarity).sorted()[found.count / 2]
        var labels: [String: (copies: Correct, others: Correct)] = [:]
        for label in table.settings.labels {
            let judged = zip(heldOut, found).compactMap { place, nearest -> (isCopy: Bool, isCorrect: Bool)? in
                let own = table.value(label, of: search.items[place].row)
                guard !own.isBlank else { return nil }
                return (
                    nearest.similarity >= limit, own == table.value(label, of: search.items[nearest.place].row)
                )
            }
            func correct(_ isCopy: Bool) -> Correct {
                let own = judged.filter { $0.isCopy == isCopy }
                return Correct(correct: own.count(where: \.isCorrect), count: own.count)
            }
            labels[label] = (correct(true), correct(false))
        }
        self.labels = labels
    }
}

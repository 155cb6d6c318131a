import ConcordDatasets
import ConcordTensors

extension DuplicateSearch {
    /// Looks for near duplicates by a run's embeddings.
    /// - Parameters:
    ///   - least: the cosine similarity from which two are candidates; nil: chosen from the data.
    ///   - isVerified: whether candidates are compared by content.
    /// - Returns: unit embeddings `[n, D]` of distinct items, and which those are; nil where there are not two.
    mutating func findNear(
        by run: Run, _ input: RecipeInput, least: Float?, isVerified: Bool,
        progress: (_ step: String, _ done: Int, _ total: Int) -> Void
    ) throws -> (vectors: Tensor, places: [Int])? {
        let places = distinct
        guard let embedded = try run.unitEmbeddings(of: places.map { items[$0] }, input, progress: progress),
            embedded.vectors.shape[0] > 1
        else { return nil }
        let own = embedded.kept.map { places[$0] }, trained = own.count(where: isTrained)
        let limit = least ?? EmbeddingNeighbors.threshold(embedded.vectors, trainCount: trained, isLoose: isVerified)
        let found = NearCandidates(
            embedded.vectors, trainCount: trained, least: limit, most: NearDuplicates.most
        ).renumbered(own)
        note("near duplicates are looked for among items of cosine similarity \(limit) or more")
        findNear(among: found, isVerified: isVerified) { progress("candidates compared", $0, $1) }
        return (embedded.vectors, own)
    }
}

/// How near embeddings of different items are.
enum EmbeddingNeighbors {
    /// The similarity from which two items are candidates (the median similarity of a training item to its nearest
    /// one), or duplicates (half the distance that this is).
    ///
    /// Half the distance is a quarter of 1 - cosine. Copies are nearer to each other than to any other item, whatever
    /// the model; how near other items are depends on the model and the data, so the data themselves are the measure.
    static func threshold(_ vectors: Tensor, trainCount: Int, isLoose: Bool) -> Float {
        let trained = trainCount > 1 ? vectors.sliced(0..<trainCount, axis: 0) : vectors
        var nearest: [Float] = []
        NearCandidates.forEachRow(of: trained) { row, similarities in
            var best: Float = -1
            for (place, value) in similarities.enumerated() where place != row && value > best { best = value }
            nearest.append(best)
        }
        nearest.sort()
        let median = nearest[nearest.count / 2]
        return isLoose ? median : 1 - (1 - median) / 4
    }
}

extension Run {
    /// Unit embeddings `[n, D]` of items, and which of them could be embedded; nil for none.
    func unitEmbeddings(
        of items: [ComparedItem], _ input: RecipeInput, progress: (_ step: String, _ done: Int, _ total: Int) -> Void
    ) throws -> (vectors: Tensor, kept: [Int])? {
        guard let own = inputs.first(where: { $0 == input }) ?? inputs.first(where: { $0.kind == input.kind }) else {
            throw embedder.missing(input.kind)
        }
        guard !items.isEmpty else { return nil }
        let isRaw = !embedder.model.hasSharedSpace
        guard input.kind.isFile else {
            let texts = items.map { $0.item.text ?? "" }
            let vectors = try embedder.texts(texts, of: own, features: isRaw) {
                progress("texts embedded", $0, texts.count)
            }
            return (vectors.l2Normalized(), Array(items.indices))
        }
        let found = try embedder.embed(
            items.map(\.path), own, segments: items.map(\.segment), features: isRaw, badLimit: 1
        ) { progress("files embedded", $0, items.count) }
        return (found.embeddings.l2Normalized(), found.entries.map(\.file))
    }
}

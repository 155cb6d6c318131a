import ConcordDatasets
import ConcordTensors

/// Negatives of a contrastive run that are likely positives: pairs of inputs of different training items that are as
/// similar as those of one item.
///
/// ```swift
/// let found = try Run("runs/catalog").likelyPositives(data: "shop", count: 20)
/// for pair in found.pairs { print(pair.similarity, pair.first, pair.second) }
/// ```
///
/// Such pairs (another image that the caption fits) push apart what belongs together. They are what is left of the
/// batch after `objective.positives`, which makes rows of one file, or of equal text, each other's positives.
public struct LikelyPositives: Sendable {
    /// Two items that no row has together.
    public struct Pair: Sendable {
        /// Of the first input: a file, or a text.
        public let first: String
        /// Of the second input.
        public let second: String
        /// Their cosine.
        public let similarity: Float
        /// The cosine of the first with its own nearest partner.
        public let ownSimilarity: Float
    }

    /// The two inputs that are compared.
    public let inputs: (first: RecipeInput, second: RecipeInput)
    /// The median cosine of pairs that rows have: from it on a negative is as similar as a positive.
    public let threshold: Float
    /// The most similar such negatives, the most similar first.
    public let pairs: [Pair]
    /// All such negatives.
    public let count: Int
    /// Items of the first input that have one, and all of them.
    public let affectedCount, anchorCount: Int
    /// How many an item of the first input has among the others of a batch, on average.
    public let perAnchor: Double
}

extension Run {
    /// Negatives among the training rows that are as similar as positives.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - count: pairs that are listed, at most.
    ///   - progress: is called with a step's name, and how much of it is done.
    /// - Throws: `RecipeError` where the run has no two inputs in one space, or was not trained on rows.
    public func likelyPositives(
        data root: String, count: Int = 20,
        progress: (_ step: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> LikelyPositives {
        let compared = inputs.filter { $0.kind != .id }
        guard embedder.model.hasSharedSpace, compared.count > 1, recipe.data.kind != .text else {
            throw RecipeError.data(
                message: "the run has no two inputs in one space: negatives that may be positives are looked for in "
                    + "contrastive runs over images, texts, audio or videos")
        }
        let (a, b) = (compared[0], compared[1])
        let table = try SampleTable(recipe.data, root: root)
        var items = EvaluatedItems(Array(table.train), of: table, [a, b])
        func embed(_ input: RecipeInput) throws -> Tensor {
            let names = items.names[input] ?? []
            guard input.kind.isFile else {
                return try embedder.texts(names, of: input) { progress("texts embedded", $0, names.count) }
            }
            let found = try embedder.embed(
                names, input, segments: items.segments(of: input), badLimit: 1
            ) { progress("files embedded", $0, names.count) }
            items.keep(found.entries.map(\.file), of: input)
            return found.embeddings
        }
        let first = try embed(a).l2Normalized(), second = try embed(b).l2Normalized()
        let positives = recipe.objective.needs.positives.map { Positives(table, $0) }
        return LikelyPositives(
            items, table, (a, b), first, second, positives, count: count, batch: recipe.batch,
            root: CanonicalPath.of(root) + "/")
    }
}

extension LikelyPositives {
    init(
        _ items: EvaluatedItems, _ table: SampleTable, _ inputs: (RecipeInput, RecipeInput), _ first: Tensor,
        _ second: Tensor, _ positives: Positives?, count wanted: Int, batch: Int, root: String
    ) {
        let answers = items.answers(from: inputs.0, to: inputs.1)
        // Groups of positives that each item is in, by the rows that name it.
        let groups = items.rows.map { positives?.group(of: $0, in: table) ?? -1 }
        func members(_ input: RecipeInput) -> [Set<Int32>] {
            var result = [Set<Int32>](repeating: [], count: items.names[input]?.count ?? 0)
            for (row, place) in (items.places[input] ?? []).enumerated() {
                if let place, groups[row] >= 0 { result[place].insert(groups[row]) }
            }
            return result
        }
        let own = members(inputs.0), other = members(inputs.1)
        var best = [Float](repeating: -1, count: answers.count)
        NearCandidates.forEachRow(of: first, against: second) { row, similarities in
            best[row] = answers[row].map { similarities[$0] }.max() ?? -1
        }
        let sorted = best.indices.filter { !answers[$0].isEmpty }.map { best[$0] }.sorted()
        let threshold = sorted.isEmpty ? 1 : sorted[sorted.count / 2]
        var pairs: [(first: Int, second: Int, similarity: Float)] = [], count = 0, affected = 0
        NearCandidates.forEachRow(of: first, against: second) { row, similarities in
            let right = Set(answers[row]), before = count
            for (place, value) in similarities.enumerated() where value >= threshold {
                guard !right.contains(place), own[row].isDisjoint(with: other[place]) else { continue }
                count += 1
                pairs.append((row, place, value))
            }
            affected += count > before ? 1 : 0
            guard pairs.count > 4 * max(64, wanted) else { return }
            pairs.sort { $0.similarity > $1.similarity }
            pairs.removeLast(pairs.count - wanted)
        }
        pairs.sort { $0.similarity > $1.similarity }
        func name(_ input: RecipeInput, _ place: Int) -> String {
            let name = items.names[input]?[place] ?? ""
            guard input.kind.isFile else { return name }
            let path = CanonicalPath.of(name)
            return path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
        }
        self.inputs = inputs
        self.threshold = threshold
        self.count = count
        affectedCount = affected
        anchorCount = answers.count
        let others = Double(max(1, answers.count * max(1, second.shape[0] - 1)))
        perAnchor = Double(count) / others * Double(max(0, batch - 1))
        self.pairs = pairs.prefix(wanted).map {
            Pair(
                first: name(inputs.0, $0.first), second: name(inputs.1, $0.second), similarity: $0.similarity,
                ownSimilarity: best[$0.first])
        }
    }
}

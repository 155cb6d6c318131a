public import ConcordDatasets
public import ConcordTensors

/// Unit embeddings with the items' names: what is searched.
///
/// ```swift
/// let index = try EmbeddingIndex(path: "catalog.safetensors")
/// try index.requireMade(by: run)                                        // by the same weights
/// for hit in try index.search(run.embed(texts: ["a red bicycle"]), count: 5) { print(hit.similarity, hit.name) }
/// ```
public struct EmbeddingIndex: Sendable {
    /// An item found.
    public struct Hit: Sendable, Equatable {
        /// As the index has it: a file's path, or a text.
        public let name: String
        /// The part of a recording that was found, in seconds; nil for all of the item.
        public let seconds: Range<Double>?
        /// Cosine, from -1 to 1.
        public let similarity: Float
    }

    /// `[N, D]`, rows of length 1.
    public let embeddings: Tensor
    /// N. The windows of one recording have the same name.
    public let names: [String]
    /// N. The part of a recording that a row is of, in seconds; nil for all of the item.
    public let seconds: [Range<Double>?]
    /// The run that made the index; nil in indexes that older versions wrote, and in those made of embeddings of your
    /// own.
    public let source: IndexSource?
    /// What was left out when the index was made. It is not stored.
    public private(set) var rejected: [Rejected] = []
    /// The index's file, where it was read from one.
    let path: String?

    /// - Parameters:
    ///   - embeddings: `[N, D]`, of any length.
    ///   - names: N.
    ///   - seconds: N parts of recordings; nil where every row is of a whole item.
    ///   - source: the run that made them.
    public init(embeddings: Tensor, names: [String], seconds: [Range<Double>?]? = nil, source: IndexSource? = nil) {
        let seconds = seconds ?? names.map { _ in nil }
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] == names.count && seconds.count == names.count,
            "EmbeddingIndex",
            "\(embeddings.shape) with \(names.count) names and \(seconds.count) parts")
        self.embeddings = embeddings.detached.l2Normalized()
        (self.names, self.seconds, self.source, path) = (names, seconds, source, nil)
    }

    /// Adds to what was left out.
    public mutating func leaveOut(_ files: [Rejected]) { rejected += files }

    init(stored embeddings: Tensor, names: [String], seconds: [Range<Double>?], source: IndexSource?, path: String) {
        (self.embeddings, self.names, self.seconds, self.source, self.path) = (embeddings, names, seconds, source, path)
    }

    /// The rows nearest to one query `[1, D]`, nearest first; of equal ones the first comes first.
    /// - Parameter count: how many at most.
    /// - Throws: if there is not one query, its size is not the index's, which happens when another run made the index,
    ///   or it is not finite.
    public func search(_ query: Tensor, count: Int) throws -> [Hit] {
        guard query.rank == 2, query.shape[0] > 0 else { throw RecipeError.data(message: "no query to search for") }
        guard query.shape[0] == 1, let hits = try search(each: query, count: count).first else {
            throw RecipeError.data(
                message: "\(query.shape[0]) queries where one is searched for; search(each:) takes any")
        }
        return hits
    }

    /// The rows nearest to each of M queries `[M, D]`.
    /// - Returns: a list for each query, as `search(_:count:)` returns it.
    public func search(each queries: Tensor, count: Int) throws -> [[Hit]] {
        try search(eachUnit: queries.rank == 2 ? queries.detached.l2Normalized() : queries, count)
    }

    /// The rows nearest to each row of another index, whose embeddings have length 1 already.
    /// - Returns: a list for each of its rows, as `search(_:count:)` returns it.
    public func search(each queries: EmbeddingIndex, count: Int) throws -> [[Hit]] {
        try search(eachUnit: queries.embeddings, count)
    }

    private func search(eachUnit queries: Tensor, _ count: Int) throws -> [[Hit]] {
        guard queries.rank == 2, queries.shape[1] == embeddings.shape[1] else {
            throw RecipeError.data(
                message:
                    "the index holds embeddings of \(embeddings.shape[1]) numbers and the query has "
                        + "\(queries.shape.last ?? 0): "
                    + "another run made the index")
        }
        guard queries.scalars.allSatisfy(\.isFinite) else {
            throw RecipeError.data(message: "the query's embedding is not finite: the run's weights are damaged")
        }
        let wanted = max(0, min(count, names.count))
        guard wanted > 0 else { return (0..<queries.shape[0]).map { _ in [] } }
        // So many queries at a time that their similarities take 64 MiB at most.
        let tile = max(1, (1 << 24) / names.count)
        return stride(from: 0, to: queries.shape[0], by: tile).flatMap { first in
            let rows = queries.sliced(first..<min(queries.shape[0], first + tile), axis: 0)
            return nearest(rows.matmul(embeddings, transposing: .right), count: wanted)  // [m, N]
        }
    }

    private func nearest(_ similarities: Tensor, count: Int) -> [[Hit]] {
        let rows = similarities.shape[0], columns = names.count
        // `topK` inserts into a sorted list: it is for short lists.
        guard count > 256 else {
            let (values, places) = similarities.topK(count)
            let found = values.scalars, columns = places.integerScalars
            return (0..<rows).map { row in
                (row * count..<(row + 1) * count).map { hit(Int(columns[$0]), found[$0]) }
            }
        }
        let scores = similarities.scalars
        return (0..<rows).map { row in
            let own = scores[row * columns..<(row + 1) * columns]
            let order = own.indices.sorted { own[$0] != own[$1] ? own[$0] > own[$1] : $0 < $1 }
            return order.prefix(count).map { hit($0 - row * columns, own[$0]) }
        }
    }

    private func hit(_ row: Int, _ similarity: Float) -> Hit {
        Hit(name: names[row], seconds: seconds[row], similarity: similarity)
    }
}

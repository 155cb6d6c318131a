import ConcordInterchange
public import ConcordTensors

/// Unit embeddings with the items' names: what `concord embed` writes and `concord search` reads.
///
/// As safetensors: `embeddings` float32 `[N, D]`, `names` uint8 (UTF-8, one after the other) and `offsets` int32 `[N + 1]` into it.
public struct EmbeddingIndex: Sendable {
    /// An item found.
    public struct Hit: Sendable, Equatable {
        public let name: String
        /// Cosine, from -1 to 1.
        public let similarity: Float
    }

    /// `[N, D]`, rows of length 1.
    public let embeddings: Tensor
    public let names: [String]

    /// - Parameters:
    ///   - embeddings: `[N, D]`, of any length.
    ///   - names: N.
    public init(embeddings: Tensor, names: [String]) {
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] == names.count, "EmbeddingIndex", "\(embeddings.shape) with \(names.count) names")
        self.embeddings = embeddings.detached.l2Normalized()
        self.names = names
    }

    /// Reads an index.
    public init(path: String) throws {
        let file = try Safetensors(path: path)
        guard file.contains("embeddings"), file.contains("names"), file.contains("offsets") else {
            throw RecipeError.unreadable(path: path, reason: "not an index: it must hold embeddings, names and offsets; `concord embed` writes one")
        }
        let embeddings = try file.tensor("embeddings"), names = try file.tensor("names"), offsets = try file.tensor("offsets")
        let isSound =
            embeddings.rank == 2 && embeddings.elementType == .float32 && names.elementType == .uint8 && offsets.elementType == .int32
            && offsets.count == embeddings.shape[0] + 1
        let places = isSound ? offsets.integerScalars.map(Int.init) : []
        guard isSound, places.first == 0, places.last == names.count, zip(places, places.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            throw RecipeError.unreadable(path: path, reason: "not an index: its embeddings, names and offsets do not fit each other")
        }
        let bytes = names.bytes
        self.embeddings = embeddings
        self.names = zip(places, places.dropFirst()).map { String(decoding: bytes[$0..<$1], as: UTF8.self) }
    }

    public func write(to path: String) throws {
        var bytes: [UInt8] = [], offsets: [Int32] = [0]
        for name in names {
            bytes += name.utf8
            offsets.append(Int32(bytes.count))
        }
        try Safetensors.write(
            [
                (name: "embeddings", tensor: embeddings), (name: "names", tensor: Tensor(bytes, shape: [bytes.count])),
                (name: "offsets", tensor: Tensor(offsets, shape: [offsets.count])),
            ], metadata: ["concord": "index"], to: path)
    }

    /// The items nearest to the first row of `query` `[1, D]`, nearest first; of equal ones the first comes first.
    /// - Throws: if the query's size is not the index's, which happens when another run made it.
    public func search(_ query: Tensor, count: Int) throws -> [Hit] {
        guard query.rank == 2, query.shape[0] > 0, query.shape[1] == embeddings.shape[1] else {
            throw RecipeError.data(
                message: "the index holds embeddings of \(embeddings.shape[1]) and the query has \(query.shape.last ?? 0): another run made the index")
        }
        let unit = query.detached.l2Normalized()
        let scores = unit.sliced(0..<1, axis: 0).matmul(embeddings, transposing: .right).scalars
        let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return order.prefix(count).map { Hit(name: names[$0], similarity: scores[$0]) }
    }
}

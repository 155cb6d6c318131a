#if canImport(Glibc)
    import Glibc
#endif
public import ConcordTensors

/// The weighted nearest-neighbor probe: each of the k most similar training embeddings votes for its class with weight
/// `exp(similarity / temperature)`.
///
/// - Source: Wu, Xiong, Yu, Lin 2018, arXiv:1805.01978, section 3.4; k = 200 and temperature 0.1 as lightly's
///   benchmarks.
public struct NearestNeighbors: Sendable {
    private let embeddings: Tensor
    private let labels: [Int]
    private let classes: Int
    private let k: Int
    private let temperature: Float

    /// - Parameters:
    ///   - embeddings: `[N, D]`.
    ///   - labels: N class numbers in `0 ..< classes`.
    ///   - k: neighbors, at least 1; all where there are fewer.
    ///   - temperature: above 0.
    public init(embeddings: Tensor, labels: [Int], classes: Int, k: Int = 200, temperature: Float = 0.1) {
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] == labels.count, "NearestNeighbors",
            "embeddings \(embeddings.shape) with \(labels.count) labels")
        ShapeCheck.require(
            k > 0 && temperature > 0, "NearestNeighbors", "k \(k) and temperature \(temperature) must be positive")
        self.embeddings = embeddings
        self.labels = labels
        self.classes = classes
        self.k = k
        self.temperature = temperature
    }

    /// The class of each row of `queries` `[M, D]`; of equal votes the first class wins.
    public func classify(_ queries: Tensor) -> [Int] {
        var result: [Int] = []
        Similarities.forEachRow(of: queries, against: embeddings) { _, scores in
            let nearest = Self.largest(k, of: scores)
            let top = nearest.first.map { scores[$0] } ?? 0
            var votes = [Float](repeating: 0, count: classes)
            for i in nearest { votes[labels[i]] += exp((scores[i] - top) / temperature) }
            result.append(votes.indices.max { votes[$0] < votes[$1] } ?? 0)
        }
        return result
    }

    /// Places of the k largest scores, largest first; of equal ones the first comes first.
    static func largest(_ k: Int, of scores: UnsafeBufferPointer<Float>) -> [Int] {
        let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return Array(order.prefix(k))
    }
}

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
    ///   - k: neighbors that vote, at least 1; all where there are fewer.
    ///   - temperature: above 0.
    public init(embeddings: Tensor, labels: [Int], classes: Int, k: Int = 200, temperature: Float = 0.1) {
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] == labels.count, "NearestNeighbors",
            "embeddings \(embeddings.shape) with \(labels.count) labels")
        ShapeCheck.require(
            k > 0 && temperature > 0, "NearestNeighbors", "k \(k) and temperature \(temperature) must be positive")
        ShapeCheck.require(
            !labels.isEmpty && labels.allSatisfy((0..<classes).contains), "NearestNeighbors",
            "labels \(labels.min() ?? 0) to \(labels.max() ?? 0) with \(classes) classes")
        self.embeddings = embeddings
        self.labels = labels
        self.classes = classes
        self.k = k
        self.temperature = temperature
    }

    /// The class of each row of `queries` `[M, D]`; of equal votes the first class wins.
    public func classify(_ queries: Tensor) -> [Int] {
        var result: [Int] = []
        let k = min(k, labels.count)
        Similarities.forEachBlock(of: queries, against: embeddings) { _, scores in
            let nearest = scores.topK(k)  // [rows, k]; of equal ones the first comes first
            let values = nearest.values.scalars, places = nearest.indices.integerScalars
            for first in stride(from: 0, to: values.count, by: k) {
                result.append(vote(values[first..<first + k], places[first..<first + k]))
            }
        }
        return result
    }

    /// The class with the most votes of the neighbors in `places`, nearest first.
    private func vote(_ similarities: ArraySlice<Float>, _ places: ArraySlice<Int32>) -> Int {
        let top = similarities.first ?? 0
        var votes = [Float](repeating: 0, count: classes)
        for (similarity, place) in zip(similarities, places) {
            votes[labels[Int(place)]] += exp((similarity - top) / temperature)
        }
        return votes.indices.max { votes[$0] < votes[$1] } ?? 0
    }
}

#if canImport(Glibc)
    import Glibc
#endif
public import ConcordTensors

/// The weighted nearest-neighbor probe: each of the k most similar training embeddings votes for its class with weight
/// `exp(similarity / temperature)`.
///
/// ```swift
/// let probe = NearestNeighbors(embeddings: training, labels: labels, classes: 10)  // [N, D]
/// let predicted = probe.classify(test), scores = probe.votes(test)                 // M class numbers; [M, K]
/// ```
/// - Source: Wu, Xiong, Yu, Lin 2018, arXiv:1805.01978, section 3.4; k = 200 and temperature 0.1 as lightly's
///   benchmarks.
public struct NearestNeighbors: Sendable {
    private let search: NeighborSearch
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
        search = NeighborSearch(embeddings)
        self.labels = labels
        self.classes = classes
        self.k = k
        self.temperature = temperature
    }

    /// The k nearest training rows of each row of `queries` `[M, D]`.
    public func neighbors(of queries: Tensor) -> NeighborSearch.Neighbors { search.neighbors(of: queries, k: k) }

    /// The class of each row of `queries` `[M, D]`; of equal votes the first class wins.
    public func classify(_ queries: Tensor) -> [Int] {
        weights(neighbors(of: queries)).argmax(axis: 1).integerScalars.map(Int.init)
    }

    /// The fraction of the votes that each class has among the neighbors of each row of `queries` `[M, D]`, `[M, K]`:
    /// scores of the classes, as AUROC wants them.
    public func votes(_ queries: Tensor) -> Tensor { votes(neighbors(of: queries)) }

    /// The same for neighbors that were found before.
    public func votes(_ neighbors: NeighborSearch.Neighbors) -> Tensor {
        let weights = weights(neighbors)
        return weights / weights.sum(axes: [1], keepingAxes: true)
    }

    /// Sums of the weights of each class's neighbors, relative to that of the nearest, `[M, K]`.
    private func weights(_ neighbors: NeighborSearch.Neighbors) -> Tensor {
        let rows = neighbors.indices.shape[0], k = neighbors.indices.shape[1], classes = classes
        let sums = Tensor(zeros: [rows, classes]), to = sums.float32Pointer
        let similarities = neighbors.similarities.float32Pointer, places = neighbors.indices.int32Pointer
        Parallel.run(rows, grain: max(1, 4096 / k)) { range in
            for row in range {
                let top = similarities[row * k]
                for i in row * k..<(row + 1) * k {
                    to[row * classes + labels[Int(places[i])]] += exp((similarities[i] - top) / temperature)
                }
            }
        }
        return sums
    }
}

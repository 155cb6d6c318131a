#if canImport(Glibc)
    import Glibc
#endif
public import ConcordTensors

/// Numbers by nearest neighbors: the mean of the numbers of the k most similar training embeddings, all with the same
/// weight or each with `exp(similarity / temperature)`.
///
/// ```swift
/// let predicted = NeighborRegression(embeddings: training, targets: ages, k: 20).predict(test)  // M numbers
/// ```
/// Without a temperature it is scikit-learn's `KNeighborsRegressor` with `metric="cosine"`.
public struct NeighborRegression: Sendable {
    private let search: NeighborSearch
    private let targets: [Double]
    private let k: Int
    private let temperature: Double?

    /// - Parameters:
    ///   - embeddings: `[N, D]`.
    ///   - targets: N numbers.
    ///   - k: neighbors, at least 1; all where there are fewer.
    ///   - temperature: above 0; nil is the plain mean.
    public init(embeddings: Tensor, targets: [Double], k: Int = 20, temperature: Double? = nil) {
        ShapeCheck.require(
            embeddings.rank == 2 && embeddings.shape[0] == targets.count && !targets.isEmpty, "NeighborRegression",
            "embeddings \(embeddings.shape) with \(targets.count) targets")
        ShapeCheck.require(
            k > 0 && temperature ?? 1 > 0, "NeighborRegression",
            "k \(k) and temperature \(temperature ?? 1) must be positive")
        search = NeighborSearch(embeddings)
        self.targets = targets
        self.k = k
        self.temperature = temperature
    }

    /// A number for each row of `queries` `[M, D]`.
    public func predict(_ queries: Tensor) -> [Double] {
        let found = search.neighbors(of: queries, k: k), k = found.indices.shape[1]
        let similarities = found.similarities.scalars, places = found.indices.integerScalars
        return (0..<found.indices.shape[0]).map { row in
            var sum = 0.0, total = 0.0
            for i in row * k..<(row + 1) * k {
                let weight = temperature.map { exp(Double(similarities[i] - similarities[row * k]) / $0) } ?? 1
                sum += weight * targets[Int(places[i])]
                total += weight
            }
            return sum / total
        }
    }
}

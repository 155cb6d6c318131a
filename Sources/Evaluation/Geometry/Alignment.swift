public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// How close the embeddings of positive pairs are on the unit sphere: the mean of `|f(x) - f(y)|^alpha`.
///
/// ```swift
/// let alignment = Alignment(imageEmbeddings, textEmbeddings)         // the n-th and the n-th are a pair
/// print(alignment.value ?? .nan)
/// ```
///
/// 0 where every pair coincides, 2 for unrelated directions and 4 for opposite ones, with alpha = 2.
///
/// - Source: Wang, Isola 2020, arXiv:2005.10242, eq. 1.
public struct Alignment: Sendable, Codable, Equatable {
    /// The mean over pairs; lower is closer. Nil without pairs.
    public let value: Double?
    /// Number of pairs.
    public let pairs: Int

    /// - Parameters:
    ///   - first: embeddings `[N, D]`, of any length but zero.
    ///   - second: embeddings `[M, D]`, likewise.
    ///   - pairs: rows of the first with rows of the second; the n-th with the n-th where nil.
    ///   - alpha: the exponent, above 0.
    /// - Precondition: rows that are there; N = M without `pairs`.
    public init(_ first: Tensor, _ second: Tensor, pairs: [(first: Int, second: Int)]? = nil, alpha: Double = 2) {
        ShapeCheck.require(
            first.rank == 2 && second.rank == 2 && first.shape[1] == second.shape[1], "Alignment",
            "\(first.shape) and \(second.shape) must be [N, D] and [M, D]")
        ShapeCheck.require(
            pairs != nil || first.shape[0] == second.shape[0], "Alignment",
            "\(first.shape[0]) and \(second.shape[0]) rows without a list of pairs")
        let pairs = pairs ?? (0..<first.shape[0]).map { ($0, $0) }
        let rows = first.shape[0], others = second.shape[0]
        ShapeCheck.require(
            pairs.allSatisfy { (0..<rows).contains($0.first) && (0..<others).contains($0.second) }, "Alignment",
            "pairs of rows that are not among \(rows) and \(others)")
        let width = first.shape[1]
        let a = first.detached.l2Normalized().scalars, b = second.detached.l2Normalized().scalars
        var sum = 0.0
        for pair in pairs {
            var square = 0.0
            for d in 0..<width {
                let difference = Double(a[pair.first * width + d]) - Double(b[pair.second * width + d])
                square += difference * difference
            }
            sum += alpha == 2 ? square : pow(square, alpha / 2)
        }
        value = Ratio.of(sum, Double(pairs.count))
        self.pairs = pairs.count
    }
}

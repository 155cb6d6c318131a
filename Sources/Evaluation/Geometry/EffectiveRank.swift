public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// How many directions embeddings use: the exponential of the entropy of their singular values' distribution.
///
///     p_i = s_i / sum s,      effective rank = exp(-sum p_i ln p_i),      1 ... min(N, D)
///
/// ```swift
/// let rank = EffectiveRank(embeddings)                               // 1 where the encoder has collapsed to a line
/// print(rank.value ?? .nan, rank.singularValues.count)
/// ```
///
/// The matrix is taken as it is, neither centered nor normalized, as RankMe does. Singular values are the roots of the
/// eigenvalues of the smaller Gram matrix, in double precision: those below 1e-7 of the largest are lost in rounding.
///
/// - Source: Roy, Vetterli 2007, "The effective rank: a measure of effective dimensionality"; Garrido et al. 2023
///   (RankMe), arXiv:2210.02885, eq. 1, without its epsilon of 1e-7.
public struct EffectiveRank: Sendable, Equatable {
    /// Nil for embeddings that are all zero or not finite, and without any.
    public let value: Double?
    /// Of the matrix, the largest first, `min(N, D)` of them; none where they are not finite.
    public let singularValues: [Double]

    /// - Parameter embeddings: `[N, D]`.
    public init(_ embeddings: Tensor) {
        ShapeCheck.rank(embeddings, 2, "[N, D]", in: "EffectiveRank")
        let matrix = embeddings.detached, count = matrix.shape[0], width = matrix.shape[1]
        guard count > 0, width > 0, matrix.isFinite else {
            (value, singularValues) = (nil, [])
            return
        }
        let size = min(count, width)
        let gram = (count < width ? matrix.transposed() : matrix).gramMatrix()
        let values = SymmetricEigenvalues.of(gram, size: size).reversed().map { max(0, $0).squareRoot() }
        singularValues = values
        let largest = values.first ?? 0, kept = values.filter { $0 > 1e-7 * largest }
        let sum = kept.reduce(0, +)
        value = sum > 0 ? exp(kept.reduce(0) { $0 - $1 / sum * log($1 / sum) }) : nil
    }
}

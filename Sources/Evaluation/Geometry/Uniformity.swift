public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// How evenly embeddings cover the unit sphere: `ln mean exp(-t |f(x) - f(y)|^2)` over the pairs of distinct rows.
///
/// ```swift
/// let uniformity = Uniformity(embeddings)
/// print(uniformity.value ?? .nan, uniformity.pairs)
/// ```
///
/// 0 where all rows are one direction; the lower, the more evenly; near `-2 t` = -4 for uniform rows of many
/// dimensions.
///
/// - Source: Wang, Isola 2020, arXiv:2005.10242, eq. 2.
public struct Uniformity: Sendable, Codable, Equatable {
    /// Nil for fewer than two rows, or rows that are not finite.
    public let value: Double?
    /// Number of rows compared, and of pairs of them.
    public let rows, pairs: Int

    /// - Parameters:
    ///   - embeddings: `[N, D]`, of any length but zero.
    ///   - t: the kernel's sharpness, above 0.
    ///   - limit: of more rows than this, as many at equal distances in their order are compared, all pairs of them.
    ///     Of 512 dimensions, 10,000 take about a second of two cores and 50,000 about half a minute; memory is that of
    ///     a block.
    public init(_ embeddings: Tensor, t: Double = 2, limit: Int = 10_000) {
        ShapeCheck.rank(embeddings, 2, "[N, D]", in: "Uniformity")
        let all = embeddings.detached, count = all.shape[0]
        let rows = min(count, max(0, limit))
        let sample =
            rows < count
            ? all.gathered(
                at: Tensor((0..<rows).map { Int32(truncatingIfNeeded: $0 * count / rows) }, shape: [rows]), axis: 0)
            : all
        self.rows = rows
        pairs = rows * (rows - 1) / 2
        guard rows > 1, sample.isFinite else {
            value = nil
            return
        }
        let unit = sample.l2Normalized(), block = 1024
        var sum = 0.0
        // Blocks on and right of the diagonal.
        for top in stride(from: 0, to: rows, by: block) {
            let upper = unit.sliced(top..<min(rows, top + block), axis: 0)
            for left in stride(from: top, to: rows, by: block) {
                let other = unit.sliced(left..<min(rows, left + block), axis: 0)
                // |x - y|^2 = 2 - 2 x y
                let cosines = upper.matmul(other, transposing: .right)
                let kernel = ((cosines - Tensor(1)) * Tensor(Float(2 * t))).exp()  // [rows, rows]
                let total = Self.sum(kernel)
                sum += left == top ? (total.all - total.diagonal) / 2 : total.all
            }
        }
        value = log(sum / Double(pairs))
    }

    /// The sums of a block's elements and of those on its diagonal.
    private static func sum(_ block: Tensor) -> (all: Double, diagonal: Double) {
        let height = block.shape[0], width = block.shape[1]
        let rows = block.sum(axis: 1).scalars.reduce(0) { $0 + Double($1) }
        let elements = block.float32Pointer
        let diagonal = (0..<min(height, width)).reduce(0.0) { $0 + Double(elements[$1 * width + $1]) }
        return (rows, diagonal)
    }
}

import ConcordLayers
public import ConcordTensors

/// How far the relations between the rows of one side are from those between the rows of the other: distances of pairs
/// and angles of triples, not the embeddings themselves. The sides may lie in spaces of different sizes.
///
///     loss = w_d mean over i, j of h(d_ij / mean d, e_ij / mean e) + w_a mean over i, j, k of h(cos a_ijk, cos b_ijk)
///
/// `d` and `e` are the Euclidean distances within each side, divided by their mean over different pairs that are not
/// equal; `a_ijk` is the angle at row i between the directions to rows j and k; `h` is the Huber loss with threshold 1.
/// Angles take memory N^2 a row of N, in tiles: time grows with N^3.
///
/// ```swift
/// RelationalLoss()                                                      // 25 and 50: the authors' code's weights
/// ```
/// - Source: Park, Kim, Lu, Cho 2019, "Relational knowledge distillation", arXiv:1904.05068, equations 5 to 10; means
///   and the floor of distances as in RepDistiller (`RKD.py`), which averages over all entries, zeros of i = j
///   included.
public final class RelationalLoss: PairLoss {
    /// Weights of the two parts, at least 0.
    public let distanceWeight, angleWeight: Float

    /// - Parameters:
    ///   - distances: weight of the distances, at least 0.
    ///   - angles: weight of the angles, at least 0; 0 leaves them out, and their time.
    public init(distances: Float = 25, angles: Float = 50) {
        ShapeCheck.require(
            distances >= 0 && angles >= 0, "RelationalLoss", "weights \(distances) and \(angles) are at least 0")
        (distanceWeight, angleWeight) = (distances, angles)
    }

    /// - Parameters:
    ///   - a: `[N, D]`; b: `[N, E]`, the teacher's, which gets no gradient.
    ///   - labels: ignored.
    /// - Returns: a scalar; 0 where N is 1.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.rank == 2 && b.rank == 2 && a.shape[0] == b.shape[0], "RelationalLoss",
            "\(a.shape) against \(b.shape): as many rows wanted")
        let a = a.converted(to: .float32), b = b.detached.converted(to: .float32), count = a.shape[0]
        guard count > 1 else { return a.sum() * 0 }
        var loss = (Self.distances(a) - Self.distances(b)).huber().mean() * distanceWeight
        guard angleWeight > 0 else { return loss }
        var sum = Tensor(0)
        for row in 0..<count { sum = sum + (Self.angles(a, at: row) - Self.angles(b, at: row)).huber().sum() }
        loss = loss + sum * (angleWeight / Float(count * count * count))
        return loss
    }

    /// `|x_i - x_j|` over its mean, `[N, N]`, with a diagonal of zeros.
    private static func distances(_ x: Tensor) -> Tensor {
        let squares = x.squaredDistances(to: x), count = x.shape[0]
        let own = Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let isOwn = own.reshaped([count, 1]) .== own.reshaped([1, count])
        let distances = isOwn.selecting(Tensor(0), otherwise: squares.maximum(Tensor(1e-12)).sqrt())
        let counted = (distances.detached .> 0).converted(to: .float32).sum().item
        return distances / (distances.sum() / max(1, counted))
    }

    /// Cosines at a row of the angles between the directions to all others, `[N, N]`.
    private static func angles(_ x: Tensor, at row: Int) -> Tensor {
        let directions = (x - x.sliced(row..<row + 1, axis: 0)).l2Normalized()
        return withPrecision(.float32) { directions.matmul(directions, transposing: .right) }
    }
}

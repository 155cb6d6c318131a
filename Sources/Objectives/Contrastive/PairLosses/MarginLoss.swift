import ConcordLayers
public import ConcordTensors

/// Draws positives together and pushes negatives apart up to a margin (contrastive loss).
///
///     loss = mean over positives of 1/2 d^2  +  mean over negatives nearer than the margin of 1/2 max(0, margin - d)^2
///
/// As a pair loss it takes all N x N pairs of rows. Negatives far outnumber positives, so each kind has a mean of its
/// own, and negatives beyond the margin are excluded from theirs.
///
/// ```swift
/// MarginLoss(margin: 0.5, distance: .cosine)
/// ```
/// - Source: Hadsell, Chopra, LeCun 2006, "Dimensionality reduction by learning an invariant mapping", eq. 4; the mean
///   over negatives within the margin as in pytorch-metric-learning's `AvgNonZeroReducer`.
public final class MarginLoss: PairLoss {
    /// The distance beyond which negatives are ignored, above 0, in the distance's unit.
    public let margin: Float
    /// The distance of two embeddings.
    public let distance: TripletLoss.Distance

    /// - Parameter margin: in the distance's unit, above 0.
    public init(margin: Float = 0.5, distance: TripletLoss.Distance = .cosine) {
        ShapeCheck.require(margin > 0, "MarginLoss", "margin \(margin) is not above 0")
        (self.margin, self.distance) = (margin, distance)
    }

    /// The loss over all N x N pairs of rows.
    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: int32 `[N]`: rows of equal labels are positives; nil: row i and row i alone.
    /// - Returns: a scalar.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "MarginLoss", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let isPositive = Positives.mask(rows: a.shape[0], labels)
        let (squares, lack): (Tensor, Tensor)
        switch distance {
        case .cosine:
            let distances = 1 - a.l2Normalized().matmul(b.l2Normalized(), transposing: .right)
            (squares, lack) = (distances.squared(), (margin - distances).relu())
        case .euclidean:
            squares = a.squaredDistances(to: b)
            lack = (margin - squares.rootWithoutGradientAtZero).relu()
        }
        let near = isPositive.selecting(Tensor(0), otherwise: lack)
        let negatives = (near .> 0).converted(to: .float32).sum().item,
            positives = isPositive.converted(to: .float32).sum().item
        return isPositive.selecting(squares, otherwise: 0).sum() * (0.5 / max(1, positives)) + near.squared().sum()
            * (0.5 / max(1, negatives))
    }

    /// The loss of explicit pairs, the mean over all of them.
    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - isSimilar: uint8 `[N]`: 1 where a row belongs to its row of the other side.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, isSimilar: Tensor) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && isSimilar.shape == [a.shape[0]], "MarginLoss", "\(isSimilar.shape) of \(a.shape)")
        let distances: Tensor
        switch distance {
        case .cosine: distances = 1 - (a.l2Normalized() * b.l2Normalized()).sum(axis: 1)
        case .euclidean:
            distances = (a - b).squared().sum(axis: 1).rootWithoutGradientAtZero
        }
        return isSimilar.selecting(distances.squared(), otherwise: (margin - distances).relu().squared()).mean() * 0.5
    }
}

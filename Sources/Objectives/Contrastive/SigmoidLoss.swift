public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Every pair of rows as a question of its own: do they belong together?
///
///     loss = 1/N sum over i, j of  -log sigmoid(y_ij (t cos(a_i, b_j) + bias)),   y = 1 for positives, -1 else
///
/// No softmax runs over the others of a batch, so small batches do better than with InfoNCE. `t` and `bias` are
/// learned. At the start the bias makes nearly all pairs negatives, as nearly all are.
///
/// ```swift
/// SigmoidLoss()                                                         // t 10, bias -10: SigLIP's
/// ```
/// - Source: Zhai, Mustafa, Kolesnikov, Beyer 2023, arXiv:2303.15343, algorithm 1; several positives a row by equal
///   labels are ours.
public final class SigmoidLoss: PairLoss {
    /// `ln t`, of shape `[]`.
    public let logitScale: Parameter
    /// Of shape `[]`.
    public let logitBias: Parameter

    /// - Parameters:
    ///   - scale: t at the start, above 0.
    ///   - bias: at the start.
    public init(scale: Float = 10, bias: Float = -10) {
        ShapeCheck.require(scale > 0, "SigmoidLoss", "scale \(scale) is not above 0")
        logitScale = Parameter([], .constant(log(scale)))
        logitBias = Parameter([], .constant(bias))
    }

    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "SigmoidLoss", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let logits = logits(a.l2Normalized().matmul(b.l2Normalized(), transposing: .right))
        let signed = Positives.mask(rows: a.shape[0], labels).selecting(0 - logits, otherwise: logits)
        return signed.softplus().sum() / Float(max(1, a.shape[0]))
    }

    /// Of each class on its own; rows need not add up to 1.
    public func probabilities(_ similarities: Tensor) -> Tensor { logits(similarities).sigmoid() }

    public var metrics: [(name: String, value: Tensor)] {
        [("logit_scale", logitScale.value.detached.exp()), ("logit_bias", logitBias.value.detached)]
    }

    private func logits(_ similarities: Tensor) -> Tensor { similarities * logitScale.value.exp() + logitBias.value }
}

import ConcordLayers
public import ConcordTensors

/// A loss of two views that further, smaller views take part in (multi-crop).
public protocol MultiCropLoss: PairLoss {
    /// The mean over all pairs of one of the two views and any other view.
    /// - Parameters:
    ///   - a, b: `[N, D]`, the two views.
    ///   - local: `[V N, D]`, V further views, view by view; nil: none.
    ///   - labels: int32 `[N]`; nil: row i to row i alone.
    func views(_ a: Tensor, _ b: Tensor, local: Tensor?, labels: Tensor?) -> Tensor
}

extension MultiCropLoss {
    public func views(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor { views(a, b, local: nil, labels: labels) }
}

/// The cross-entropy of the predictions of views with the target distributions of two of them, of which none predicts
/// its own.
///
///     loss = mean over i in {a, b} and views v other than i of  cross-entropy(target(i), softmax(logits(v)))
///
/// - Source: Caron et al. 2020, arXiv:2006.09882, eq. 7 of the appendix's code; Caron et al. 2021, arXiv:2104.14294,
///   eq. 3.
enum ViewCrossEntropy {
    /// - Parameters:
    ///   - targets: of the two views, `[N, K]`, rows of sum 1, constants.
    ///   - logits: of the two views, `[N, K]`.
    ///   - local: logits of V further views, `[V N, K]`, view by view; nil: none.
    /// - Returns: a scalar; `ln K` where logits are equal.
    static func loss(targets: (Tensor, Tensor), logits: (Tensor, Tensor), local: Tensor?) -> Tensor {
        let crossed = sum(targets.1, logits.0.logSoftmax()) + sum(targets.0, logits.1.logSoftmax())
        let (rows, classes) = (targets.0.shape[0], targets.0.shape[1])
        guard let local else { return -crossed / Float(2 * rows) }
        let views = local.shape[0] / rows
        let predicted = local.logSoftmax().reshaped([views, rows, classes]).sum(axis: 0)  // [N, K]
        return -(crossed + sum(targets.0 + targets.1, predicted)) / Float(2 * rows * (views + 1))
    }

    private static func sum(_ targets: Tensor, _ predicted: Tensor) -> Tensor { (targets * predicted).sum() }
}

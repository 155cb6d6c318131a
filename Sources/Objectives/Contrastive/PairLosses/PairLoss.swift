public import ConcordLayers
public import ConcordTensors

/// A loss of two sets of embeddings that belong together row by row.
///
/// ```swift
/// Contrastive<Pair>(image, text, dimension: 256, loss: SigmoidLoss())
/// ```
public protocol PairLoss: Module {
    /// - Parameters:
    ///   - a, b: `[N, D]`; row i of one belongs to row i of the other.
    ///   - labels: int32 `[N]`: rows of equal labels belong together too; nil: row i to row i alone.
    /// - Returns: a scalar.
    func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor

    /// Two views of each sample; a loss may compare rows of one side with each other too.
    func views(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor

    /// Both directions of predicting one view's target from the other view; by default the mean of both losses.
    /// - Parameters:
    ///   - predictions: of the first and of the second view, `[N, D]`; each predicts the other view's target.
    ///   - targets: of the first and of the second view, `[N, D]`.
    ///   - labels: int32 `[N]`; nil: row i to row i alone.
    func symmetric(predictions: (Tensor, Tensor), targets: (Tensor, Tensor), labels: Tensor?) -> Tensor

    /// The same where further, smaller views predict both targets (multi-crop); by default the mean of the loss over
    /// all pairs of a target and another view's prediction.
    /// - Parameter local: predictions of V further views, `[V N, D]`, view by view; nil: none.
    func multiCrop(
        predictions: (Tensor, Tensor), local: Tensor?, targets: (Tensor, Tensor), labels: Tensor?) -> Tensor

    /// Class probabilities `[N, K]` under a model trained with this loss, from cosine similarities `[N, K]`.
    func probabilities(_ similarities: Tensor) -> Tensor

    /// Named scalars for the log that are no term of the loss, without a gradient: `logit_scale`.
    var metrics: [(name: String, value: Tensor)] { get }

    /// Named scalars about a batch's targets, without a gradient: what tells that they collapsed.
    /// - Parameter targets: `[N, D]`.
    func metrics(targets: Tensor) -> [(name: String, value: Tensor)]
}

extension PairLoss {
    /// The loss where row i belongs to row i alone.
    public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor { self(a, b, labels: nil) }

    public func views(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor { self(a, b, labels: labels) }
    public func symmetric(predictions: (Tensor, Tensor), targets: (Tensor, Tensor), labels: Tensor?) -> Tensor {
        (self(predictions.0, targets.1, labels: labels) + self(predictions.1, targets.0, labels: labels)) * 0.5
    }
    public func multiCrop(
        predictions: (Tensor, Tensor), local: Tensor?, targets: (Tensor, Tensor), labels: Tensor?
    ) -> Tensor {
        let crossed = symmetric(predictions: predictions, targets: targets, labels: labels)
        guard let local else { return crossed }
        let rows = targets.0.shape[0], views = local.shape[0] / rows
        var total = crossed * 2
        for view in 0..<views {
            let prediction = local.sliced(view * rows..<(view + 1) * rows, axis: 0)
            total = total + self(prediction, targets.0, labels: labels) + self(prediction, targets.1, labels: labels)
        }
        return total / Float(2 * (views + 1))
    }
    public func probabilities(_ similarities: Tensor) -> Tensor { similarities.softmax() }
    public var metrics: [(name: String, value: Tensor)] { [] }
    public func metrics(targets: Tensor) -> [(name: String, value: Tensor)] { [] }
}

extension InfoNCE: PairLoss {
    /// A softmax over the classes at the temperature of the loss.
    public func probabilities(_ similarities: Tensor) -> Tensor { (similarities * scale).softmax() }
    public var metrics: [(name: String, value: Tensor)] { [("logit_scale", Tensor(scale))] }
}

extension Tensor {
    /// Square roots of values at least 0; where a value is 0, the root has no derivative, and 0 is taken for it.
    var rootWithoutGradientAtZero: Tensor {
        let isPositive = self .> 0
        return isPositive.selecting(isPositive.selecting(self, otherwise: 1).sqrt(), otherwise: 0)
    }
}

/// Which rows of one side belong to which of the other.
enum Positives {
    /// uint8 `[N, M]`: 1 where labels are equal; without labels, on the diagonal.
    static func mask(rows: Int, _ labels: Tensor?) -> Tensor {
        let labels = labels ?? Tensor((0..<Int32(rows)).map { $0 }, shape: [rows])
        return labels.reshaped([rows, 1]) .== labels.reshaped([1, rows])
    }
}

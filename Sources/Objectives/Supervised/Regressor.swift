public import ConcordLayers
public import ConcordTensors

/// Learns a number for each sample: supervised regression, from pretrained weights or from none.
///
///     loss = mean over labeled samples of  l(output - (y - mean) / std)
///
/// with l the square, the absolute value, or Huber's: half of the square up to 1, the absolute value less 1/2 beyond.
/// Mean and standard deviation are those of the training labels: a year and a price are learned alike.
///
/// ```swift
/// let regressor = Regressor(SupervisedNetwork(encoder, outputs: 1), loss: .huber)
/// regressor.standardize(by: years)
/// ```
/// The square is 1 at the best constant. Metrics: `mae`, the mean absolute error in the labels' own unit. In
/// checkpoints: those of ``SupervisedNetwork``, and `mean` and `std`.
public final class Regressor<E: FeatureEncoder>: Objective {
    /// Samples with float32 numbers, NaN for none.
    public typealias Input = Labeled<E.Input>

    /// How an error counts.
    public enum LossName: String, Sendable, CaseIterable {
        /// The square.
        case squared
        /// The absolute value.
        case absolute
        /// The square of small ones, the absolute value of large ones.
        case huber
    }

    /// The encoder and its head of one output.
    public let network: SupervisedNetwork<E>
    private let loss: LossName
    private let mean, std: Buffer

    public var checkpointNames: [String: String] { ["network": ""] }

    /// - Parameters:
    ///   - network: with one output.
    ///   - loss: how an error counts.
    public init(_ network: SupervisedNetwork<E>, loss: LossName = .squared) {
        ShapeCheck.require(
            network.head.outputDimension == 1, "Regressor", "\(network.head.outputDimension) outputs; 1 wanted")
        (self.network, self.loss) = (network, loss)
        mean = Buffer(Tensor(zeros: [1]), underMicrobatches: .last)
        std = Buffer(Tensor(ones: [1]), underMicrobatches: .last)
    }

    /// Takes the mean and the standard deviation of the training labels; NaN are left out. Of equal ones the deviation
    /// is 1.
    public func standardize(by labels: [Float]) {
        let known = labels.filter { !$0.isNaN }.map(Double.init)
        guard !known.isEmpty else { return }
        let center = known.reduce(0, +) / Double(known.count)
        let variance = known.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(known.count)
        mean.assign(Tensor([Float(center)], shape: [1]))
        std.assign(Tensor([variance > 0 ? Float(variance.squareRoot()) : 1], shape: [1]))
    }

    /// From the head's outputs `[N, 1]` to numbers in the labels' unit, `[N]`.
    public func numbers(_ outputs: Tensor) -> Tensor {
        (outputs * std.value + mean.value).reshaped([outputs.shape[0]])
    }

    /// The loss of a batch, in the surrounding mode.
    public func callAsFunction(_ batch: Labeled<E.Input>) -> Loss { value(of: batch).loss }

    private func value(of batch: Labeled<E.Input>) -> (loss: Loss, weight: Double) {
        let labels = batch.labels.scalars, count = labels.count { !$0.isNaN }
        guard count > 0 else { return (Loss(Tensor(0), metrics: [("mae", Tensor(0))]), 0) }
        let outputs = network(batch.input).reshaped([labels.count])
        let (center, scale) = (mean.value.scalars[0], std.value.scalars[0])
        let isKnown = Tensor(labels.map { $0.isNaN ? 0 : 1 } as [Float], shape: [labels.count])
        let wanted = Tensor(labels.map { $0.isNaN ? 0 : ($0 - center) / scale }, shape: [labels.count])
        let errors = (outputs - wanted) * isKnown
        let sum = errors.detached.abs().sum().item * scale
        let total: Tensor =
            switch loss {
            case .squared: errors.squared().sum()
            case .absolute: errors.abs().sum()
            case .huber: errors.huber().sum()
            }
        let divisor = 1 / Float(count)
        return (Loss(total * divisor, metrics: [("mae", Tensor(sum * divisor))]), Double(count))
    }
}

extension Regressor: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    public func lossWithGradient(of batch: Labeled<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(batch.input), !Microbatches.isWhole(input.count, atMost: microbatch)
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            value(of: Labeled(input.rows(rows), labels: batch.labels.rows(in: rows)))
        }
    }
}

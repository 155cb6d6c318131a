import ConcordCommunication
public import ConcordTensors

/// Zero mean and unit variance of every channel over the batch and all places, then a learned scale and shift.
///
/// In training the batch's own statistics are used, and running ones follow them; in evaluation mode the running ones
/// are used. Where ranks share the batch, these are the statistics of each rank's share, or, under
/// `withCommunicator(_:synchronizingBatchNorm:_:)`, of the whole.
///
/// ```swift
/// let y = norm(conv(x), activation: .relu, residual: x)                 // relu(norm(conv(x)) + x), in one pass
/// ```
/// - Source: Ioffe, Szegedy 2015, arXiv:1502.03167. As PyTorch's: biased variance in the output, unbiased in the
///   running statistic. A batch of one row is let through (PyTorch refuses it); its output is the shift alone.
public final class BatchNorm: Module {
    /// `[C]`, from one.
    public let weight: Parameter
    /// `[C]`, from zero.
    public let bias: Parameter
    /// `[C]`, from zero.
    public let runningMean: Buffer
    /// `[C]`, from one.
    public let runningVar: Buffer
    /// The fraction of the newest batch in the running statistics.
    public let momentum: Float
    /// Added to the variance.
    public let epsilon: Float
    /// Whether the running statistics are used, and left as they are, in training too.
    public let isFrozen: Bool

    /// PyTorch counts the batches; with a fixed momentum nobody needs the number.
    public var unusedCheckpointNames: [String] { ["num_batches_tracked"] }

    /// - Parameters:
    ///   - channels: C.
    ///   - momentum: the fraction of the newest batch in the running statistics.
    ///   - epsilon: added to the variance.
    ///   - isFrozen: uses the running statistics in training too and leaves them as they are.
    public init(_ channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5, isFrozen: Bool = false) {
        weight = Parameter([channels], .ones)
        bias = Parameter([channels], .zeros)
        runningMean = Buffer(Tensor(zeros: [channels]))
        runningVar = Buffer(Tensor(ones: [channels]))
        (self.momentum, self.epsilon, self.isFrozen) = (momentum, epsilon, isFrozen)
    }

    /// - Parameters:
    ///   - x: `[..., C]`.
    ///   - activation: applied last, in the same pass.
    ///   - residual: of the shape of `x`; added before the activation, in the same pass.
    /// - Returns: the shape of `x`.
    public func callAsFunction(_ x: Tensor, activation: FusedActivation? = nil, residual: Tensor? = nil) -> Tensor {
        guard Context.current.isTraining, !isFrozen else {
            return x.batchNormalized(
                weight: weight.value, bias: bias.value, mean: runningMean.value, variance: runningVar.value,
                epsilon: epsilon,
                activation: activation, residual: residual)
        }
        let ranks = Communicator.current
        if Context.current.synchronizesBatchNorm, !ranks.isAlone {
            return synchronized(x, ranks, activation: activation, residual: residual)
        }
        let (output, mean, variance) = x.batchNormalized(
            weight: weight.value, bias: bias.value, epsilon: epsilon, activation: activation, residual: residual)
        let rows = Float(x.count / max(1, weight.count))
        follow(runningMean, mean, weight: momentum)
        follow(runningVar, variance * (rows / max(1, rows - 1)), weight: momentum)
        return output
    }

    /// With the statistics of the samples of all ranks.
    private func synchronized(
        _ x: Tensor, _ ranks: Communicator, activation: FusedActivation?, residual: Tensor?
    ) -> Tensor {
        let type = x.elementType, channels = weight.count, rows = x.count / max(1, channels)
        let all = Float(ranks.sum([Double(rows)])[0])
        let values = x.converted(to: .float32).reshaped([rows, channels])
        let mean = values.sum(axis: 0).summedOverRanks() / all
        let centered = values - mean
        let variance = centered.squared().sum(axis: 0).summedOverRanks() / all
        follow(runningMean, mean.detached, weight: momentum)
        follow(runningVar, variance.detached * (all / max(1, all - 1)), weight: momentum)
        var output = centered / (variance + epsilon).sqrt() * weight.value + bias.value
        output = output.reshaped(x.shape).converted(to: type)
        if let residual { output = output + residual }
        switch activation {
        case .relu: return output.relu()
        case nil: return output
        }
    }

    private func follow(_ running: Buffer, _ newest: Tensor, weight: Float) {
        running.assign(running.value * (1 - weight) + newest * weight)
    }
}

public import ConcordTensors

extension Conv2d {
    /// `norm(self(x), activation:residual:)`; in evaluation mode without a tape in one pass, with the normalisation
    /// folded into the weights.
    ///
    /// ```swift
    /// let y = conv(x, norm: bn, activation: .relu, residual: x)         // relu(bn(conv(x)) + x)
    /// ```
    /// - Parameters:
    ///   - x: `[N, H, W, in]`.
    ///   - activation: applied last.
    ///   - residual: of the output's shape; added before the activation.
    public func callAsFunction(
        _ x: Tensor, norm: BatchNorm, activation: FusedActivation? = nil, residual: Tensor? = nil
    ) -> Tensor {
        guard Convolution.isFolded else { return norm(self(x), activation: activation, residual: residual) }
        return x.convolved2d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups,
            normalization: norm.normalization, activation: activation, residual: residual)
    }
}

extension Conv1d {
    /// `norm(self(x), activation:residual:)`; in evaluation mode without a tape in one pass, with the normalisation
    /// folded into the weights.
    /// - Parameter x: `[N, T, in]`. The others as for `Conv2d`.
    public func callAsFunction(
        _ x: Tensor, norm: BatchNorm, activation: FusedActivation? = nil, residual: Tensor? = nil
    ) -> Tensor {
        guard Convolution.isFolded else { return norm(self(x), activation: activation, residual: residual) }
        return x.convolved1d(
            weight: weight.value, bias: bias?.value, stride: stride, padding: padding, dilation: dilation,
            groups: groups,
            normalization: norm.normalization, activation: activation, residual: residual)
    }
}

extension Convolution {
    /// Whether nothing will ask for what lies between a convolution and its normalisation.
    static var isFolded: Bool { !Context.current.isTraining && Context.current.tape == nil }
}

extension BatchNorm {
    /// What it does in evaluation mode.
    fileprivate var normalization: ChannelNormalization {
        ChannelNormalization(
            weight: weight.value, bias: bias.value, mean: runningMean.value, variance: runningVar.value,
            epsilon: epsilon)
    }
}

public import ConcordTensors

/// A convolution with its parameters: ``Conv1d`` or ``Conv2d``.
public protocol ConvolutionLayer: Module {
    /// `[out, in / groups, kernel...]`.
    var weight: Parameter { get }
    /// `[out]`; nil without a bias.
    var bias: Parameter? { get }

    /// - Parameter x: `[N, T, in]` of ``Conv1d``, `[N, H, W, in]` of ``Conv2d``.
    /// - Returns: `[N, T', out]` or `[N, H', W', out]`.
    func callAsFunction(_ x: Tensor) -> Tensor

    /// The convolution with a batch normalization in evaluation mode folded into its weights, in one pass.
    /// - Parameters:
    ///   - x: `[N, ..., in]`.
    ///   - norm: over the output's channels.
    ///   - activation: applied last.
    ///   - residual: of the output's shape; added before the activation.
    /// - Returns: `[N, ..., out]`, a constant to every tape.
    func convolved(_ x: Tensor, folding norm: BatchNorm, activation: FusedActivation?, residual: Tensor?) -> Tensor
}

extension ConvolutionLayer {
    /// `norm(self(x), activation:residual:)`; in evaluation mode without a tape in one pass, with the normalization
    /// folded into the weights.
    ///
    /// ```swift
    /// let y = conv(x, norm: bn, activation: .relu, residual: x)         // relu(bn(conv(x)) + x)
    /// ```
    /// - Parameters:
    ///   - x: `[N, ..., in]`.
    ///   - norm: over the output's channels.
    ///   - activation: applied last.
    ///   - residual: of the output's shape; added before the activation.
    /// - Returns: `[N, ..., out]`.
    public func callAsFunction(
        _ x: Tensor, norm: BatchNorm, activation: FusedActivation? = nil, residual: Tensor? = nil
    ) -> Tensor {
        // Where the value between the convolution and its normalization is not needed.
        guard !Context.current.isTraining, Context.current.tape == nil else {
            return norm(self(x), activation: activation, residual: residual)
        }
        return convolved(x, folding: norm, activation: activation, residual: residual)
    }

    /// Weights `[out, in / groups, kernel...]` and, if wanted, biases `[out]`; uniform in ±1/sqrt(in / groups *
    /// kernel), as PyTorch's, where no initializer is given.
    static func parameters(
        _ inputs: Int, _ outputs: Int, kernel: [Int], groups: Int, bias: Bool, _ weights: Initializer?,
        _ biases: Initializer?
    ) -> (weight: Parameter, bias: Parameter?) {
        ShapeCheck.require(
            groups > 0 && inputs % groups == 0 && outputs % groups == 0, "\(Self.self)",
            "\(groups) groups do not divide both \(inputs) and \(outputs) channels")
        let fanIn = Initializer.fanIn(inputs / groups * kernel.reduce(1, *))
        let weight = Parameter([outputs, inputs / groups] + kernel, weights ?? fanIn)
        return (weight, bias ? Parameter([outputs], biases ?? fanIn) : nil)
    }
}

extension BatchNorm {
    /// What it does in evaluation mode.
    var normalization: ChannelNormalization {
        ChannelNormalization(
            weight: weight.value, bias: bias.value, mean: runningMean.value, variance: runningVar.value,
            epsilon: epsilon)
    }
}

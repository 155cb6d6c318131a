public import ConcordTensors

/// A linear layer without bias whose rows have a direction and a length of their own.
///
///     y_k = g_k (v_k · x) / |v_k|
///
/// On inputs of length 1 and with lengths g of 1 its outputs are cosines with K prototypes.
///
/// ```swift
/// let scores = WeightNormLinear(256, 4096)(z.l2Normalized())            // [N, 256] -> [N, 4096]
/// ```
/// - Source: Salimans, Kingma 2016, arXiv:1602.07868, eq. 2; `torch.nn.utils.weight_norm` over axis 0. Initial values
///   are those of DINO's last layer (Caron et al. 2021, arXiv:2104.14294): g is 1, not |v|.
public final class WeightNormLinear: UpdateObserver {
    /// Directions v, `[K, D]`.
    public let weightV: Parameter
    /// Lengths g, `[K, 1]`.
    public let weightG: Parameter
    /// Updates in which neither changes.
    public let frozenUpdates: Int
    private let updates = Buffer(Tensor([Int32(0)], shape: []), underMicrobatches: .last)

    public var checkpointNames: [String: String] { ["weightV": "weight_v", "weightG": "weight_g"] }

    /// - Parameters:
    ///   - inputs: D.
    ///   - outputs: K.
    ///   - trainsLengths: whether the lengths g are trained; else they stay 1.
    ///   - frozenUpdates: updates in which the layer stays as it is, while gradients pass through it.
    public init(_ inputs: Int, _ outputs: Int, trainsLengths: Bool = false, frozenUpdates: Int = 0) {
        weightV = Parameter([outputs, inputs], .fanIn(inputs))
        weightG = Parameter([outputs, 1], .ones)
        weightG.isFrozen = !trainsLengths
        self.frozenUpdates = frozenUpdates
    }

    /// Size D of the input.
    public var inputDimension: Int { weightV.shape[1] }
    /// Size K of the output.
    public var outputDimension: Int { weightV.shape[0] }

    /// - Parameter x: `[..., D]`.
    /// - Returns: `[..., K]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let isFrozen = updates.value.integerScalars[0] < frozenUpdates
        let (v, g) = (weightV.value, weightG.value)
        let weight = v.l2Normalized() * g  // [K, D]
        return x.linear(weight: isFrozen ? weight.detached : weight, bias: nil)
    }

    public func parametersDidInitialize() {}

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        guard frozenUpdates > 0 else { return }
        updates.assign(Tensor([updates.stored.integerScalars[0] &+ 1], shape: []))
    }
}

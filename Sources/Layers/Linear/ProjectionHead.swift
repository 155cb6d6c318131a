public import ConcordTensors

/// The small network between an encoder and a loss, thrown away afterwards: linear layers with ReLU between them, and
/// behind them, where asked for, the cosines with learned prototypes.
///
/// ```swift
/// let z = ProjectionHead(512, hidden: 512, 128)(encoder(views))                          // [N, 128]: SimCLR, MoCo v2
/// let projector = ProjectionHead(512, hidden: 4096, 256, norm: .hidden)                  // BYOL
/// let dino = ProjectionHead(                                                             // DINO's
///     384, hidden: 2048, 256, layers: 3, activation: .gelu, weights: .normal(std: 0.02),
///     prototypes: WeightNormLinear(256, 65536))
/// ```
/// - Source: Chen et al. 2020, arXiv:2002.05709 (two layers); 2006.10029 (three); Grill et al. 2020, arXiv:2006.07733;
///   Chen, He 2021, arXiv:2011.10566; Caron et al. 2021, arXiv:2104.14294 (prototypes).
public final class ProjectionHead: Module {
    /// Which layers batch normalization follows. A layer that is normalized has no bias of its own, but for `biases`.
    public enum Norm: String, Sendable, CaseIterable {
        /// Nowhere: SimCLR's first form, MoCo v2.
        case none
        /// Behind all layers but the last: BYOL's, SimSiam's predictor.
        case hidden
        /// Behind every layer: SimCLR v2.
        case all
        /// Behind every layer, the last time without a learned scale and shift: SimSiam's projector.
        case allButLastAffine = "all_but_last_affine"
    }

    /// Which linear layers have a bias.
    public enum Biases: Sendable {
        /// Those that no normalization follows.
        case unnormalized
        /// All but the last: BYOL's code, VICReg's.
        case hidden
        /// No layer: Barlow Twins', MoCo v3's.
        case none
    }

    /// The linear layers in their order.
    public let linears: [Linear]
    /// The normalizations of the first layers, in their order.
    public let norms: [BatchNorm]
    /// Applied to the output of every layer but the last.
    public let activation: Activation
    /// Applied to the output; nil: nothing is.
    public let outputActivation: Activation?
    /// Applied to the output at length 1; nil: the output itself is returned.
    public let prototypes: WeightNormLinear?

    /// - Parameters:
    ///   - layers: at least 1.
    ///   - norm: which layers batch normalization follows.
    ///   - biases: which layers have one.
    ///   - activation: applied to the output of every layer but the last.
    ///   - outputActivation: applied to the output; with one layer and `.tanh` the head of SimCSE, BERT's pooler.
    ///   - weights: initial values of the layers' weights, with biases of 0; PyTorch's of both where nil.
    ///   - prototypes: applied to the output at length 1, of as many numbers as the last layer has.
    public init(
        _ inputs: Int, hidden: Int, _ outputs: Int, layers: Int = 2, norm: Norm = .none, biases: Biases = .unnormalized,
        activation: Activation = .relu, outputActivation: Activation? = nil, weights: Initializer? = nil,
        prototypes: WeightNormLinear? = nil
    ) {
        (self.activation, self.outputActivation, self.prototypes) = (activation, outputActivation, prototypes)
        if let prototypes {
            ShapeCheck.require(
                prototypes.inputDimension == outputs, "ProjectionHead",
                "prototypes of \(prototypes.inputDimension) numbers behind a layer of \(outputs)")
        }
        ShapeCheck.require(layers >= 1, "ProjectionHead", "\(layers) layers")
        let sizes = [inputs] + [Int](repeating: hidden, count: layers - 1) + [outputs]
        linears = zip(sizes, sizes.dropFirst()).enumerated().map { place, size in
            let isLast = place == layers - 1
            let isNormalized = norm != .none && !(isLast && norm == .hidden)
            let hasBias =
                switch biases {
                case .unnormalized: !isNormalized
                case .hidden: !isLast
                case .none: false
                }
            return Linear(size.0, size.1, bias: hasBias, weights: weights, biases: weights.map { _ in .zeros })
        }
        let normalized = norm == .none ? [] : norm == .hidden ? sizes.dropFirst().dropLast() : sizes.dropFirst()
        norms = normalized.map { BatchNorm($0) }
        guard norm == .allButLastAffine, let last = norms.last else { return }
        for parameter in [last.weight, last.bias] { parameter.isFrozen = true }  // one and zero for ever
    }

    /// - Parameter batchNorm: normalizes every layer.
    public convenience init(_ inputs: Int, hidden: Int, _ outputs: Int, layers: Int = 2, batchNorm: Bool) {
        self.init(inputs, hidden: hidden, outputs, layers: layers, norm: batchNorm ? .all : .none)
    }

    /// Size of the input.
    public var inputDimension: Int { linears[0].weight.shape[1] }
    /// Size D of the output.
    public var outputDimension: Int { prototypes?.outputDimension ?? linears[linears.count - 1].weight.shape[0] }

    /// - Parameter x: `[N, in]`.
    /// - Returns: `[N, out]`, not normalized to length one.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var x = x
        for (i, linear) in linears.enumerated() {
            x = linear(x)
            let isLast = i == linears.count - 1
            if i < norms.count {
                let isFused = activation == .relu && !isLast
                x = norms[i](x, activation: isFused ? .relu : nil)
                if isFused { continue }
            }
            x = isLast ? x : activation(x)
        }
        x = outputActivation.map { $0(x) } ?? x
        return prototypes.map { $0(x.l2Normalized()) } ?? x
    }
}

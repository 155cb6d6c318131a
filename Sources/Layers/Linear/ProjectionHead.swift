public import ConcordTensors

/// The small network between an encoder and a loss, thrown away afterwards: linear layers with ReLU between them.
///
/// ```swift
/// let z = ProjectionHead(512, hidden: 512, 128)(encoder(views))                          // [N, 128]: SimCLR, MoCo v2
/// let projector = ProjectionHead(512, hidden: 4096, 256, norm: .hidden)                  // BYOL
/// ```
/// - Source: Chen et al. 2020, arXiv:2002.05709 (two layers); 2006.10029 (three); Grill et al. 2020, arXiv:2006.07733;
///   Chen, He 2021, arXiv:2011.10566.
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
    /// Applied to the output; nil: nothing is.
    public let outputActivation: Activation?

    /// - Parameters:
    ///   - layers: at least 1.
    ///   - norm: which layers batch normalization follows.
    ///   - biases: which layers have one.
    ///   - outputActivation: applied to the output; with one layer and `.tanh` the head of SimCSE, BERT's pooler.
    public init(
        _ inputs: Int, hidden: Int, _ outputs: Int, layers: Int = 2, norm: Norm = .none, biases: Biases = .unnormalized,
        outputActivation: Activation? = nil
    ) {
        self.outputActivation = outputActivation
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
            return Linear(size.0, size.1, bias: hasBias)
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
    public var outputDimension: Int { linears[linears.count - 1].weight.shape[0] }

    /// - Parameter x: `[N, in]`.
    /// - Returns: `[N, out]`, not normalized to length one.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var x = x
        for (i, linear) in linears.enumerated() {
            x = linear(x)
            let isLast = i == linears.count - 1
            if i < norms.count { x = norms[i](x, activation: isLast ? nil : .relu) } else { x = isLast ? x : x.relu() }
        }
        return outputActivation.map { $0(x) } ?? x
    }
}

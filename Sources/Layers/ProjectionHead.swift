public import ConcordTensors

/// The small network between an encoder and a contrastive loss, thrown away afterwards: linear layers with ReLU between them.
///
/// ```swift
/// let z = ProjectionHead(512, hidden: 512, 128)(encoder(views))         // [N, 128]
/// ```
/// - Source: Chen et al. 2020, arXiv:2002.05709 (two layers); 2006.10029 (three). With `batchNorm` every layer is normalised, the last
///   one too, and none has a bias, as in the authors' code.
public final class ProjectionHead: Module {
    public let linears: [Linear]
    public let norms: [BatchNorm]

    /// - Parameter layers: at least 1.
    public init(_ inputs: Int, hidden: Int, _ outputs: Int, layers: Int = 2, batchNorm: Bool = false) {
        ShapeCheck.require(layers >= 1, "ProjectionHead", "\(layers) layers")
        let sizes = [inputs] + [Int](repeating: hidden, count: layers - 1) + [outputs]
        linears = zip(sizes, sizes.dropFirst()).map { Linear($0, $1, bias: !batchNorm) }
        norms = batchNorm ? sizes.dropFirst().map { BatchNorm($0) } : []
    }

    /// - Parameter x: `[N, in]`.
    /// - Returns: `[N, out]`, not normalised to length one.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        var x = x
        for (i, linear) in linears.enumerated() {
            x = linear(x)
            let isLast = i == linears.count - 1
            if norms.isEmpty { x = isLast ? x : x.relu() } else { x = norms[i](x, activation: isLast ? nil : .relu) }
        }
        return x
    }
}

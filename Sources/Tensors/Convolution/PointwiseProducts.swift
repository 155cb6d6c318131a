/// Convolutions that compute every position from itself alone, as products of all positions `[N H W, C]` with the
/// weights `[filters, C]`, where those go by tiles, which oneDNN's direct convolutions in float32 do not.
enum PointwiseProducts {
    /// Whether all three passes are faster so.
    static func suit(_ g: ConvolutionGeometry) -> Bool {
        g.isPointwise && g.groups == 1 && SplitProduct.suits(positions(g), g.filters, g.channels)
            && SplitProduct.suits(positions(g), g.channels, g.filters)
            && SplitProduct.suits(g.filters, g.channels, positions(g))
    }

    static func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, _ g: ConvolutionGeometry, into output: Tensor
    ) {
        Product.multiply(
            m: positions(g), n: g.filters, k: g.channels, input.floats, weight.floats, transposeB: true,
            bias: bias?.floats,
            into: output.floats)
    }

    static func inputGradient(_ upstream: Tensor, _ weight: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        Product.multiply(
            m: positions(g), n: g.channels, k: g.filters, upstream.floats, weight.floats, into: gradient.floats)
        return gradient
    }

    static func weightGradient(_ input: Tensor, _ upstream: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        Product.multiply(
            m: g.filters, n: g.channels, k: positions(g), upstream.floats, transposeA: true, input.floats,
            into: gradient.floats)
        return gradient
    }

    private static func positions(_ g: ConvolutionGeometry) -> Int { g.batch * g.height * g.width }
}

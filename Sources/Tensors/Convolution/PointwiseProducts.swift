/// Convolutions that compute every position from itself alone, as products of all positions `[N H W, C]` with the
/// weights `[filters, C]`, where those go by tiles, which oneDNN's direct convolutions in float32 do not.
enum PointwiseProducts {
    /// Whether all three passes are faster so.
    static func suit(_ g: ConvolutionGeometry) -> Bool {
        g.isPointwise && g.groups == 1 && BFloat16x3GEMM.suits(positions(g), g.filters, g.channels)
            && BFloat16x3GEMM.suits(positions(g), g.channels, g.filters)
            && BFloat16x3GEMM.suits(g.filters, g.channels, positions(g))
    }

    static func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, _ g: ConvolutionGeometry, into output: Tensor
    ) {
        GEMM.multiply(
            m: positions(g), n: g.filters, k: g.channels, input.float32Pointer, weight.float32Pointer, transposeB: true,
            bias: bias?.float32Pointer,
            into: output.float32Pointer)
    }

    static func inputGradient(_ upstream: Tensor, _ weight: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        GEMM.multiply(
            m: positions(g), n: g.channels, k: g.filters, upstream.float32Pointer, weight.float32Pointer,
            into: gradient.float32Pointer)
        return gradient
    }

    static func weightGradient(_ input: Tensor, _ upstream: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        GEMM.multiply(
            m: g.filters, n: g.channels, k: positions(g), upstream.float32Pointer, transposeA: true,
            input.float32Pointer,
            into: gradient.float32Pointer)
        return gradient
    }

    private static func positions(_ g: ConvolutionGeometry) -> Int { g.batch * g.height * g.width }
}

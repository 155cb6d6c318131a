/// Convolutions that compute every position from itself alone, as one GEMM of all positions `[N H W, C]` with the
/// weights `[filters, C]`, where that runs on AMX's tiles, which oneDNN's direct float32 convolutions do not use.
struct PointwiseGEMM: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var geometry: ConvolutionGeometry { problem.geometry }
    private var positions: Int { geometry.batch * geometry.height * geometry.width }

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry
        guard !problem.isBFloat16, problem.epilogue == nil, g.isPointwise, g.groups == 1 else { return nil }
        self.problem = problem
    }

    /// All three passes on the tiles, or none; or this one by `Float32GEMM`.
    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry, positions = g.batch * g.height * g.width
        if GEMM.usesTiles(positions, g.filters, g.channels) && GEMM.usesTiles(positions, g.channels, g.filters)
            && GEMM.usesTiles(g.filters, g.channels, positions)
        {
            return true
        }
        return switch problem.pass {
        case .forward: GEMM.usesBlocks(positions, g.filters, g.channels)
        case .inputGradient: GEMM.usesBlocks(positions, g.channels, g.filters)
        case .weightGradient: GEMM.usesBlocks(g.filters, g.channels, positions)
        }
    }

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        GEMM.multiply(
            m: positions, n: geometry.filters, k: geometry.channels, input.float32Pointer, weight.float32Pointer,
            transposeB: true, bias: bias?.float32Pointer, into: output.float32Pointer)
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape)
        GEMM.multiply(
            m: positions, n: geometry.channels, k: geometry.filters, upstream.float32Pointer, weight.float32Pointer,
            into: gradient.float32Pointer)
        return gradient
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let gradient = Tensor(uninitialized: shape)
        GEMM.multiply(
            m: geometry.filters, n: geometry.channels, k: positions, upstream.float32Pointer, transposeA: true,
            input.float32Pointer, into: gradient.float32Pointer)
        return (gradient, problem.biasGradient(upstream))
    }
}

/// Pointwise convolutions with a stride, as a residual network's shortcuts: the positions that they skip are removed
/// first, and what remains is a pointwise convolution without a stride.
///
/// oneDNN 2.6 skips them inside its primitive; there the weights' gradient of fewer than 16 channels over an odd number
/// of samples writes over the caller's stack (`jit_1x1:avx512_core`, two threads).
struct StridedPointwiseConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var geometry: ConvolutionGeometry { problem.geometry }

    init?(_ problem: ConvolutionProblem) {
        guard problem.geometry.isStridedPointwise else { return nil }
        self.problem = problem
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool { true }

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        Convolutions.forwardMethod(for: problem.with(dense)).forward(subsampled(input), weight, bias, into: output)
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let dense = dense
        let gradient = Convolutions.inputGradientMethod(for: problem.with(dense)).inputGradient(
            upstream, weight, shape: [dense.batch, dense.height, dense.width, dense.channels])
        return spread(gradient, shape: shape)
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        Convolutions.weightGradientMethod(for: problem.with(dense)).weightGradient(
            subsampled(input), upstream, shape: shape)
    }

    /// The same over the positions that remain.
    private var dense: ConvolutionGeometry {
        var dense = geometry
        dense.height = geometry.outHeight
        dense.width = geometry.outWidth
        dense.stride = .init(1, 1)
        return dense
    }

    /// The positions that the convolution reads, `[N, H', W', C]`.
    private func subsampled(_ input: Tensor) -> Tensor {
        let g = geometry, bytes = g.channels * input.elementType.size
        let output = Tensor(uninitialized: [g.batch, g.outHeight, g.outWidth, g.channels], input.elementType)
        let from = input.storage.base, to = output.storage.base
        forEachRow { dense, strided in
            Kernels.copyRows(
                to + dense * bytes, bytes, from: from + strided * bytes, g.stride.width * bytes, rows: g.outWidth,
                bytes: bytes)
        }
        return output
    }

    /// `subsampled`'s adjoint: the gradient at those positions, zero at the others.
    private func spread(_ gradient: Tensor, shape: [Int]) -> Tensor {
        let g = geometry, bytes = g.channels * gradient.elementType.size
        let output = Tensor(zeros: shape, gradient.elementType)
        let from = gradient.storage.base, to = output.storage.base
        forEachRow { dense, strided in
            Kernels.copyRows(
                to + strided * bytes, g.stride.width * bytes, from: from + dense * bytes, bytes, rows: g.outWidth,
                bytes: bytes)
        }
        return output
    }

    /// The first position of every row of outputs, and that of the input that it reads.
    private func forEachRow(_ body: (_ dense: Int, _ strided: Int) -> Void) {
        let g = geometry
        Parallel.run(g.batch * g.outHeight, grain: Rows.grain(g.outWidth * g.channels)) { rows in
            for row in rows {
                let sample = row / g.outHeight, y = row % g.outHeight
                body(row * g.outWidth, (sample * g.height + y * g.stride.height) * g.width)
            }
        }
    }
}

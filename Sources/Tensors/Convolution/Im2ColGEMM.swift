/// bfloat16 convolutions by im2col: their windows are copied to the rows of a matrix, and one GEMM multiplies it.
///
/// oneDNN 2.6's own kernels are slow on small maps, and its weights' gradients with a stride. Measured on two cores of
/// a Xeon (Sapphire Rapids), forward, to the input and to the weights: 512 samples of 4x4x512, 3x3: 41, 67, 131 ms;
/// the GEMMs run at 1.3 to 2 TFLOP/s, 20 to 30 ms each. A pointwise weights' gradient over 512 samples of 4x4, 256 to
/// 512 channels: 25 ms against 2.
struct Im2ColGEMM: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var g: ConvolutionGeometry { problem.geometry }

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry, ones = ConvolutionGeometry.Extent(1, 1)
        guard problem.isBFloat16, g.groups == 1, g.dilation == ones, problem.pass != .inputGradient || g.stride == ones
        else { return nil }
        self.problem = problem
    }

    static var isAvailable: Bool { Processor.hasBFloat16 }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        guard g.height > 1, g.channels >= 32, g.filters >= 32, g.batch >= 8 else { return false }
        return switch problem.pass {
        case .forward: !g.isPointwise && g.outHeight * g.outWidth <= 16
        case .inputGradient: !g.isPointwise && g.height * g.width <= 16
        case .weightGradient: g.isPointwise || g.stride != .init(1, 1) || g.outHeight * g.outWidth <= 64
        }
    }

    /// Of windows at a time.
    private static let tileBytes = 24 << 20

    // MARK: Passes

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let g = g
        let rows = PackedWeights.shared(weight, .windows) {
            weight.viewed(as: [g.filters, g.channels, g.taps]).permuted([0, 2, 1]).storage  // [filters, taps, C]
        }
        let factor = Tensor(shape: [g.filters, g.taps * g.channels], elementType: .float32, storage: rows)
        let im2col = Im2Col(g)
        forEachTile(windowBytes: im2col.bytes) { samples in
            let windows = im2col.windows(of: input, samples),
                first = samples.lowerBound * im2col.count * g.filters
            BFloat16GEMM.multiply(
                windows, weight: factor, transposed: true, bias: bias, windows.shape[0], g.filters, g.taps * g.channels,
                into: output.storage.base + first * 2)
        }
        problem.epilogue?.finish(output, bias: nil)
    }

    /// The convolution of the output's gradient with the kernel rotated by 180 degrees.
    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let g = g
        let rotated = PackedWeights.shared(weight, .rotatedWindows) {
            let taps = Tensor((0..<Int32(g.taps)).reversed().map { $0 }, shape: [g.taps])
            // [taps, filters, C]
            return weight.viewed(as: [g.filters, g.channels, g.taps]).permuted([2, 0, 1]).gathered(at: taps).storage
        }
        let factor = Tensor(shape: [g.taps * g.filters, g.channels], elementType: .float32, storage: rotated)
        let gradient = Tensor(uninitialized: shape, .bfloat16), im2col = Im2Col(rotating: g)
        forEachTile(windowBytes: im2col.bytes) { samples in
            let windows = im2col.windows(of: upstream, samples),
                first = samples.lowerBound * im2col.count * g.channels
            BFloat16GEMM.multiply(
                windows, weight: factor, transposed: false, bias: nil, windows.shape[0], g.channels, g.taps * g.filters,
                into: gradient.storage.base + first * 2)
        }
        return gradient
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let g = g
        let width = g.taps * g.channels, gradient = Tensor(uninitialized: [g.filters, g.taps, g.channels])
        let (to, y) = (gradient.float32Pointer, upstream.bfloat16Pointer)
        if g.isPointwise {
            BFloat16GEMM.serial(
                g.filters, width, g.batch * g.height * g.width, 1, y, g.filters, true, input.bfloat16Pointer, width,
                false, 0,
                to, width)
            return (gradient.viewed(as: shape), problem.biasGradient(upstream))
        }
        let im2col = Im2Col(g)
        forEachTile(windowBytes: im2col.bytes) { samples in
            let windows = im2col.windows(of: input, samples),
                first = samples.lowerBound * im2col.count * g.filters
            BFloat16GEMM.serial(
                g.filters, width, windows.shape[0], 1, y + first, g.filters, true, windows.bfloat16Pointer, width,
                false,
                samples.lowerBound == 0 ? 0 : 1, to, width)
        }
        return (gradient.permuted([0, 2, 1]).viewed(as: shape), problem.biasGradient(upstream))
    }

    private func forEachTile(windowBytes: Int, _ body: (Range<Int>) -> Void) {
        let height = max(1, min(g.batch, Self.tileBytes / max(1, windowBytes)))
        for first in stride(from: 0, to: g.batch, by: height) { body(first..<min(g.batch, first + height)) }
    }
}

/// Copies the windows over bfloat16 images to the rows of a matrix.
private struct Im2Col {
    private let windows: Kernels.Windows
    private let rows: Int, columns: Int

    init(_ g: ConvolutionGeometry) {
        windows = Kernels.Windows(
            height: g.height, width: g.width, bytes: 2 * g.channels, kernel: g.kernel, stride: g.stride,
            padding: g.padding)
        rows = g.outHeight
        columns = g.outWidth
    }

    /// Over the outputs' gradient, for each input position of a convolution without stride.
    init(rotating g: ConvolutionGeometry) {
        let padding = ConvolutionGeometry.Extent(
            g.kernel.height - 1 - g.padding.height, g.kernel.width - 1 - g.padding.width)
        windows = Kernels.Windows(
            height: g.outHeight, width: g.outWidth, bytes: 2 * g.filters, kernel: g.kernel, stride: .init(1, 1),
            padding: padding)
        rows = g.height
        columns = g.width
    }

    /// Windows of an image.
    var count: Int { rows * columns }
    /// Of all windows of an image.
    var bytes: Int { count * windows.windowBytes }

    /// - Returns: `[windows, taps * C]`.
    func windows(of x: Tensor, _ samples: Range<Int>) -> Tensor {
        let output = Tensor(uninitialized: [samples.count * count, windows.windowBytes / 2], .bfloat16)
        let from = x.storage.base + samples.lowerBound * windows.imageBytes, to = output.storage.base
        let line = columns * windows.windowBytes
        Parallel.run(samples.count * rows, grain: max(1, 2 * Elementwise.grain / max(1, line))) { range in
            for row in range {
                Kernels.im2colRow(
                    to + row * line, from + row / rows * windows.imageBytes, windows, row: row % rows, count: columns)
            }
        }
        return output
    }
}

extension ConvolutionGeometry {
    /// Positions of the kernel.
    fileprivate var taps: Int { kernel.height * kernel.width }
}

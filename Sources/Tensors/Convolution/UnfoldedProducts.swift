import CKernels

/// Convolutions of bfloat16 as products of their windows laid side by side.
///
/// oneDNN 2.6's own kernels starve on small maps, and its weights' gradients with a stride. Measured on two cores of a
/// Xeon (Sapphire Rapids), forward, to the input and to the weights: 512 samples of 4x4x512, 3x3: 41, 67, 131 ms; the
/// products run at 1.3 to 2 TFLOP/s, 20 to 30 ms each. A pointwise weights' gradient over 512 samples of 4x4, 256 to
/// 512 channels: 25 ms against 2.
enum UnfoldedProducts {
    static func suitOutputs(of g: ConvolutionGeometry) -> Bool {
        suit(g) && !g.isPointwise && g.outHeight * g.outWidth <= 16
    }

    static func suitInputs(of g: ConvolutionGeometry) -> Bool {
        suit(g) && !g.isPointwise && g.stride == .init(1, 1) && g.height * g.width <= 16
    }

    static func suitWeights(of g: ConvolutionGeometry) -> Bool {
        suit(g) && (g.isPointwise || g.stride != .init(1, 1) || g.outHeight * g.outWidth <= 64)
    }

    private static func suit(_ g: ConvolutionGeometry) -> Bool {
        g.groups == 1 && g.dilation == .init(1, 1) && g.height > 1 && g.channels >= 32 && g.filters >= 32
            && g.batch >= 8
    }

    /// Of windows at a time.
    private static let tileBytes = 24 << 20

    // MARK: Passes

    static func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, _ g: ConvolutionGeometry, into output: Tensor
    ) {
        let rows = PackedWeights.shared(weight, .windows) {
            weight.viewed(as: [g.filters, g.channels, g.taps]).permuted([0, 2, 1]).storage  // [filters, taps, C]
        }
        let factor = Tensor(shape: [g.filters, g.taps * g.channels], elementType: .float32, storage: rows)
        let unfolding = Unfolding(g)
        forEachTile(of: g, windowBytes: unfolding.bytes) { samples in
            let windows = unfolding.windows(of: input, samples),
                first = samples.lowerBound * unfolding.count * g.filters
            BFloat16GEMM.multiply(
                windows, weight: factor, transposed: true, bias: bias, windows.shape[0], g.filters, g.taps * g.channels,
                into: output.storage.base + first * 2)
        }
    }

    /// The convolution of the output's gradient with the kernel turned around.
    static func inputGradient(_ upstream: Tensor, _ weight: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let turned = PackedWeights.shared(weight, .turnedWindows) {
            let taps = Tensor((0..<Int32(g.taps)).reversed().map { $0 }, shape: [g.taps])
            // [taps, filters, C]
            return weight.viewed(as: [g.filters, g.channels, g.taps]).permuted([2, 0, 1]).gathered(at: taps).storage
        }
        let factor = Tensor(shape: [g.taps * g.filters, g.channels], elementType: .float32, storage: turned)
        let gradient = Tensor(uninitialized: shape, .bfloat16), unfolding = Unfolding(turning: g)
        forEachTile(of: g, windowBytes: unfolding.bytes) { samples in
            let windows = unfolding.windows(of: upstream, samples),
                first = samples.lowerBound * unfolding.count * g.channels
            BFloat16GEMM.multiply(
                windows, weight: factor, transposed: false, bias: nil, windows.shape[0], g.channels, g.taps * g.filters,
                into: gradient.storage.base + first * 2)
        }
        return gradient
    }

    static func weightGradient(_ input: Tensor, _ upstream: Tensor, _ g: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let width = g.taps * g.channels, gradient = Tensor(uninitialized: [g.filters, g.taps, g.channels])
        let (to, y) = (gradient.float32Pointer, upstream.bfloat16Pointer)
        if g.isPointwise {
            BFloat16GEMM.serial(
                g.filters, width, g.batch * g.height * g.width, 1, y, g.filters, true, input.bfloat16Pointer, width,
                false, 0,
                to, width)
            return gradient.viewed(as: shape)
        }
        let unfolding = Unfolding(g)
        forEachTile(of: g, windowBytes: unfolding.bytes) { samples in
            let windows = unfolding.windows(of: input, samples),
                first = samples.lowerBound * unfolding.count * g.filters
            BFloat16GEMM.serial(
                g.filters, width, windows.shape[0], 1, y + first, g.filters, true, windows.bfloat16Pointer, width,
                false,
                samples.lowerBound == 0 ? 0 : 1, to, width)
        }
        return gradient.permuted([0, 2, 1]).viewed(as: shape)
    }

    private static func forEachTile(of g: ConvolutionGeometry, windowBytes: Int, _ body: (Range<Int>) -> Void) {
        let height = max(1, min(g.batch, tileBytes / max(1, windowBytes)))
        for first in stride(from: 0, to: g.batch, by: height) { body(first..<min(g.batch, first + height)) }
    }
}

/// How the windows over bfloat16 images are laid side by side.
private struct Unfolding {
    private let form: concord_windows
    private let rows: Int, columns: Int

    init(_ g: ConvolutionGeometry) {
        form = concord_windows(
            height: g.height, width: g.width, bytes: 2 * g.channels, kernel_height: g.kernel.height,
            kernel_width: g.kernel.width,
            stride_height: g.stride.height, stride_width: g.stride.width, padding_height: g.padding.height,
            padding_width: g.padding.width)
        (rows, columns) = (g.outHeight, g.outWidth)
    }

    /// Over the outputs' gradient, for each input place of a convolution without stride.
    init(turning g: ConvolutionGeometry) {
        form = concord_windows(
            height: g.outHeight, width: g.outWidth, bytes: 2 * g.filters, kernel_height: g.kernel.height,
            kernel_width: g.kernel.width,
            stride_height: 1, stride_width: 1, padding_height: g.kernel.height - 1 - g.padding.height,
            padding_width: g.kernel.width - 1 - g.padding.width)
        (rows, columns) = (g.height, g.width)
    }

    /// Windows of an image.
    var count: Int { rows * columns }
    /// Of all windows of an image.
    var bytes: Int { count * windowBytes }
    private var windowBytes: Int { form.kernel_height * form.kernel_width * form.bytes }

    /// - Returns: `[windows, taps * C]`.
    func windows(of x: Tensor, _ samples: Range<Int>) -> Tensor {
        let output = Tensor(uninitialized: [samples.count * count, windowBytes / 2], .bfloat16)
        let (from, to) = (
            x.storage.base + samples.lowerBound * form.height * form.width * form.bytes, output.storage.base
        )
        let line = columns * windowBytes
        Parallel.run(samples.count * rows, grain: max(1, 2 * Elementwise.grain / max(1, line))) { range in
            for row in range {
                let image = from + row / rows * form.height * form.width * form.bytes
                concord_im2col_row(to + row * line, image, form, row % rows, columns)
            }
        }
        return output
    }
}

extension ConvolutionGeometry {
    /// Places of the kernel.
    fileprivate var taps: Int { kernel.height * kernel.width }
}

/// 3x3 convolutions of stride 1 in a quarter of the multiplications: F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms
/// for Convolutional Neural Networks" (arXiv:1509.09308), by oneDNN's kernels. These take channels in blocks of 16, so
/// activations are copied to that layout and back, in parts of the batch that fit the caches.
///
/// Against float64 its errors are two to four times a direct convolution's: up to 4e-6 of the largest value, in each of
/// the three passes (2 samples of 64 channels on 56x56 to 512 on 7x7, normal values, with and without the negative
/// ones). Measured with the copies on two cores of a Xeon (Sapphire Rapids), 64 samples, oneDNN 2.6 direct against
/// this, forward, backward to the input and to the weights: 64 channels on 56x56 56, 59, 60 ms against 34, 34, 36; 128
/// on 28x28 54, 54, 57 against 25, 25, 27; 256 on 14x14 51, 55, 56 against 31, 31, 35; 512 on 7x7 50, 51, 61 against
/// 30, 30, 29.
struct OneDNNWinogradConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var geometry: ConvolutionGeometry { problem.geometry }
    /// The batch in runs of samples, each with its primitive.
    private let parts: [(samples: Range<Int>, primitive: OneDNNConvolution)]

    /// Nil also where oneDNN has no kernels for it.
    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry, ones = ConvolutionGeometry.Extent(1, 1)
        guard !problem.isBFloat16, g.kernel == .init(3, 3), g.stride == ones, g.padding == ones, g.dilation == ones,
            g.groups == 1, g.channels.isMultiple(of: 16), g.filters.isMultiple(of: 16)
        else { return nil }
        let longest = max(1, Self.tilesAtOnce(g) / Self.tiles(g)), count = (g.batch + longest - 1) / longest
        var parts: [(Range<Int>, OneDNNConvolution)] = []
        let even = (g.batch + count - 1) / max(1, count)
        for first in stride(from: 0, to: g.batch, by: even) {
            let samples = first..<min(g.batch, first + even)
            var part = g
            part.batch = samples.count
            guard let primitive = OneDNNConvolution.winograd(problem.with(part)) else { return nil }
            parts.append((samples, primitive))
        }
        self.problem = problem
        self.parts = parts
    }

    // MARK: Choice

    /// Whether oneDNN has Winograd kernels for this processor.
    static var isAvailable: Bool {
        let sizes = ConvolutionGeometry(
            input: [4, 16, 16, 64], weight: [64, 64, 3, 3], bias: nil, stride: .init(1, 1), padding: .init(1, 1),
            dilation: .init(1, 1),
            groups: 1, in: "Winograd")
        return Self(ConvolutionProblem(geometry: sizes, pass: .forward, isBFloat16: false)) != nil
    }

    /// Than `Float32WinogradConvolution`, for outputs of few tiles and so many weights that reading them transformed is
    /// most of the work.
    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry, all = g.batch * tiles(g)
        return g.channels * g.filters >= 512 * 512 && 20 * g.height * g.width >= 11 * 16 * tiles(g) && all >= 64
            && problem.pass != .weightGradient && all < 256
    }

    /// Of one sample.
    private static func tiles(_ g: ConvolutionGeometry) -> Int { (g.outHeight + 3) / 4 * ((g.outWidth + 3) / 4) }

    /// Enough that the transforms of the weights vanish beside the rest, and no more, since the copies take memory.
    private static func tilesAtOnce(_ g: ConvolutionGeometry) -> Int { max(512, 131_072 / g.channels) }

    // MARK: Passes

    private var sampleIn: Int { geometry.height * geometry.width * geometry.channels }
    private var sampleOut: Int { geometry.outHeight * geometry.outWidth * geometry.filters }

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let blocked = emptyBlocks
        withPacked(weight) { samples, primitive, packed in
            block(
                input.float32Pointer + samples.lowerBound * sampleIn, samples.count, geometry.channels,
                into: blocked.input)
            primitive.run(
                input: blocked.input.storage.base, weights: packed, bias: bias?.storage,
                output: blocked.output.storage.base)
            unblock(blocked.output, samples, geometry.filters, into: output)
        }
        problem.epilogue?.finish(output, bias: nil)
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape), blocked = emptyBlocks
        withPacked(weight) { samples, primitive, packed in
            block(
                upstream.float32Pointer + samples.lowerBound * sampleOut, samples.count, geometry.filters,
                into: blocked.output)
            primitive.run(
                input: blocked.input.storage.base, weights: packed, bias: nil, output: blocked.output.storage.base)
            unblock(blocked.input, samples, geometry.channels, into: gradient)
        }
        return gradient
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let blocked = emptyBlocks
        var sum: Tensor?
        for (samples, primitive) in parts {
            block(
                input.float32Pointer + samples.lowerBound * sampleIn, samples.count, geometry.channels,
                into: blocked.input)
            block(
                upstream.float32Pointer + samples.lowerBound * sampleOut, samples.count, geometry.filters,
                into: blocked.output)
            let part = primitive.emptyGradient(shape: shape)
            primitive.run(
                input: blocked.input.storage.base, weights: part.storage, bias: nil, output: blocked.output.storage.base
            )
            sum = sum.map { $0 + part } ?? part
        }
        let bias = problem.biasGradient(upstream)
        guard let sum, let primitive = parts.last?.primitive else { return (Tensor(zeros: shape), bias) }
        return (primitive.unpacked(sum, as: shape), bias)
    }

    /// Calls `run` for every part, with the weights in its primitive's layout, packed once for parts of one length.
    private func withPacked(
        _ weight: Tensor, _ run: (_ samples: Range<Int>, OneDNNConvolution, _ packed: Storage) -> Void
    ) {
        var last: (primitive: OneDNNConvolution, weights: Storage)?
        for (samples, primitive) in parts {
            let packed = last.flatMap { $0.primitive == primitive ? $0.weights : nil } ?? primitive.packed(weight)
            run(samples, primitive, packed)
            last = (primitive, packed)
        }
    }

    // MARK: Blocks of channels

    /// Memory for the inputs and outputs of the longest part in blocks.
    private var emptyBlocks: (input: Tensor, output: Tensor) {
        let longest = parts.first?.samples.count ?? 0
        return (Tensor(uninitialized: [longest * sampleIn]), Tensor(uninitialized: [longest * sampleOut]))
    }

    /// `[samples, H, W, C]` as `[samples, C / 16, H, W, 16]`.
    private func block(_ from: UnsafePointer<Float>, _ samples: Int, _ channels: Int, into blocks: Tensor) {
        let to = blocks.float32Pointer, span = geometry.height * geometry.width
        forEachRun(samples, channels) { sample, places in
            Kernels.blockChannels(
                to + sample * span * channels + places.lowerBound * 16,
                from: from + (sample * span + places.lowerBound) * channels, positions: places.count,
                channels: channels, span: span)
        }
    }

    /// The inverse of `block`, into a range of the samples of `output`.
    private func unblock(_ blocks: Tensor, _ samples: Range<Int>, _ channels: Int, into output: Tensor) {
        let from = blocks.float32Pointer, span = geometry.height * geometry.width
        let to = output.float32Pointer + samples.lowerBound * span * channels,
            streams = Streaming.suits(output, channels: channels)
        forEachRun(samples.count, channels) { sample, places in
            Kernels.unblockChannels(
                to + (sample * span + places.lowerBound) * channels,
                from: from + sample * span * channels + places.lowerBound * 16, positions: places.count,
                channels: channels, span: span, streams: streams)
        }
    }

    /// Runs of positions within samples, in parallel.
    private func forEachRun(_ samples: Int, _ channels: Int, _ body: (_ sample: Int, _ places: Range<Int>) -> Void) {
        let span = geometry.height * geometry.width
        Parallel.run(samples * span, grain: max(1, Elementwise.grain / channels)) { places in
            var place = places.lowerBound
            while place < places.upperBound {
                let first = place % span, count = min(span - first, places.upperBound - place)
                body(place / span, first..<first + count)
                place += count
            }
        }
    }
}

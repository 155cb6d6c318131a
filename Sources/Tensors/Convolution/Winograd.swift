import CKernels

/// 3x3 convolutions of stride 1 in a quarter of the multiplications: F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms
/// for Convolutional Neural Networks" (arXiv:1509.09308), by oneDNN's kernels. They want channels in blocks of 16, so
/// activations are copied there and back, a piece of the batch at a time that the caches hold.
///
/// Against float64 its errors are two to four times a direct convolution's: up to 4e-6 of the largest value, in each of
/// the three passes (2 samples of 64 channels on 56x56 to 512 on 7x7, normal values, with and without the negative
/// ones). Measured with the copies on two cores of a Xeon (Sapphire Rapids), 64 samples, oneDNN 2.6 direct against
/// this, forward, backward to the input and to the weights: 64 channels on 56x56 56, 59, 60 ms against 34, 34, 36; 128
/// on 28x28 54, 54, 57 against 25, 25, 27; 256 on 14x14 51, 55, 56 against 31, 31, 35; 512 on 7x7 50, 51, 61 against
/// 30, 30, 29.
struct Winograd {
    private let geometry: ConvolutionGeometry
    /// The batch in runs of samples, each with what computes it.
    private let pieces: [(samples: Range<Int>, primitive: OneDNNConvolution)]

    /// Nil where another way is faster, or where there are no kernels for it.
    init?(_ g: ConvolutionGeometry, _ pass: OneDNNConvolution.Pass, hasBias: Bool = false) {
        guard Self.suits(g) else { return nil }
        let longest = max(1, Self.tilesAtOnce(g) / Self.tiles(g)), count = (g.batch + longest - 1) / longest
        var pieces: [(Range<Int>, OneDNNConvolution)] = []
        let even = (g.batch + count - 1) / max(1, count)
        for first in stride(from: 0, to: g.batch, by: even) {
            let samples = first..<min(g.batch, first + even)
            var part = g
            part.batch = samples.count
            guard let primitive = OneDNNConvolution.winograd(part, pass, hasBias: hasBias) else { return nil }
            pieces.append((samples, primitive))
        }
        (geometry, self.pieces) = (g, pieces)
    }

    // MARK: Which

    /// Whether this oneDNN has kernels for it on this processor.
    static var isAvailable: Bool {
        let sizes = ConvolutionGeometry(
            input: [4, 16, 16, 64], weight: [64, 64, 3, 3], bias: nil, stride: .init(1, 1), padding: .init(1, 1),
            dilation: .init(1, 1),
            groups: 1, in: "Winograd")
        return Winograd(sizes, .forward) != nil
    }

    /// Outputs come in tiles of 4x4: too many of them beyond the edges, too few to pay for the weights' transforms, or
    /// too few channels to pay for the tiles', and a direct convolution is faster.
    private static func suits(_ g: ConvolutionGeometry) -> Bool {
        let ones = ConvolutionGeometry.Extent(1, 1), fill = 16 * tiles(g)
        return g.kernel == .init(3, 3) && g.stride == ones && g.padding == ones && g.dilation == ones && g.groups == 1
            && g.channels.isMultiple(of: 16) && g.filters.isMultiple(of: 16) && min(g.channels, g.filters) >= 32
            && 20 * g.height * g.width >= 11 * fill && g.batch * tiles(g) >= 64
    }

    /// Of one sample.
    private static func tiles(_ g: ConvolutionGeometry) -> Int { (g.outHeight + 3) / 4 * ((g.outWidth + 3) / 4) }

    /// Enough that the transforms of the weights vanish beside the rest, and no more, since the copies take memory.
    private static func tilesAtOnce(_ g: ConvolutionGeometry) -> Int { max(512, 131_072 / g.channels) }

    // MARK: Passes

    private var sampleIn: Int { geometry.height * geometry.width * geometry.channels }
    private var sampleOut: Int { geometry.outHeight * geometry.outWidth * geometry.filters }

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let staging = emptyBlocks
        withPacked(weight) { samples, primitive, packed in
            block(
                input.float32Pointer + samples.lowerBound * sampleIn, samples.count, geometry.channels,
                into: staging.input)
            primitive.run(
                input: staging.input.storage.base, weights: packed, bias: bias?.storage,
                output: staging.output.storage.base)
            unblock(staging.output, samples, geometry.filters, into: output)
        }
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape), staging = emptyBlocks
        withPacked(weight) { samples, primitive, packed in
            block(
                upstream.float32Pointer + samples.lowerBound * sampleOut, samples.count, geometry.filters,
                into: staging.output)
            primitive.run(
                input: staging.input.storage.base, weights: packed, bias: nil, output: staging.output.storage.base)
            unblock(staging.input, samples, geometry.channels, into: gradient)
        }
        return gradient
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> Tensor {
        let staging = emptyBlocks
        var sum: Tensor?
        for (samples, primitive) in pieces {
            block(
                input.float32Pointer + samples.lowerBound * sampleIn, samples.count, geometry.channels,
                into: staging.input)
            block(
                upstream.float32Pointer + samples.lowerBound * sampleOut, samples.count, geometry.filters,
                into: staging.output)
            let part = primitive.emptyGradient(shape: shape)
            primitive.run(
                input: staging.input.storage.base, weights: part.storage, bias: nil, output: staging.output.storage.base
            )
            sum = sum.map { $0 + part } ?? part
        }
        guard let sum, let primitive = pieces.last?.primitive else { return Tensor(zeros: shape) }
        return primitive.unpacked(sum, as: shape)
    }

    /// Calls `run` for every piece, with the weights as its primitive wants them, packed once for pieces of one length.
    private func withPacked(
        _ weight: Tensor, _ run: (_ samples: Range<Int>, OneDNNConvolution, _ packed: Storage) -> Void
    ) {
        var last: (primitive: OneDNNConvolution, weights: Storage)?
        for (samples, primitive) in pieces {
            let packed = last.flatMap { $0.primitive == primitive ? $0.weights : nil } ?? primitive.packed(weight)
            run(samples, primitive, packed)
            last = (primitive, packed)
        }
    }

    // MARK: Blocks of channels

    /// Memory for the inputs and outputs of the longest piece in blocks.
    private var emptyBlocks: (input: Tensor, output: Tensor) {
        let longest = pieces.first?.samples.count ?? 0
        return (Tensor(uninitialized: [longest * sampleIn]), Tensor(uninitialized: [longest * sampleOut]))
    }

    /// `[samples, H, W, C]` as `[samples, C / 16, H, W, 16]`.
    private func block(_ from: UnsafePointer<Float>, _ samples: Int, _ channels: Int, into blocks: Tensor) {
        let to = blocks.float32Pointer, span = geometry.height * geometry.width
        forEachRun(samples, channels) { sample, places in
            concord_block_channels(
                to + sample * span * channels + places.lowerBound * 16,
                from + (sample * span + places.lowerBound) * channels,
                places.count, channels, span)
        }
    }

    /// The way back, into a range of the samples of `output`.
    private func unblock(_ blocks: Tensor, _ samples: Range<Int>, _ channels: Int, into output: Tensor) {
        let from = blocks.float32Pointer, span = geometry.height * geometry.width
        let to = output.float32Pointer + samples.lowerBound * span * channels,
            streams = Streaming.suits(output, channels: channels)
        forEachRun(samples.count, channels) { sample, places in
            concord_unblock_channels(
                to + (sample * span + places.lowerBound) * channels,
                from + sample * span * channels + places.lowerBound * 16,
                places.count, channels, span, streams)
        }
    }

    /// Runs of places within samples, in parallel.
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

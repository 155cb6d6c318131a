import CKernels

/// 3x3 convolutions of stride 1 and padding 1 by the kernels of one form of Winograd's method.
struct TiledWinograd: @unchecked Sendable {
    private let kernels: UnsafePointer<concord_winograd_kernels>
    private let geometry: ConvolutionGeometry
    private let type: ElementType

    /// Nil where the method cannot solve the problem.
    /// - Parameter kernels: nil where the processor has none.
    init?(_ problem: ConvolutionProblem, _ type: ElementType, _ kernels: UnsafePointer<concord_winograd_kernels>?) {
        let g = problem.geometry, one = ConvolutionGeometry.Extent(1, 1)
        guard let kernels, problem.isBFloat16 == (type == .bfloat16), g.kernel == .init(3, 3), g.stride == one,
            g.padding == one, g.dilation == one, g.groups == 1, g.channels.isMultiple(of: 16),
            g.filters.isMultiple(of: 16)
        else { return nil }
        (self.kernels, geometry, self.type) = (kernels, g, type)
    }

    /// Tiles of outputs with sides of `side`.
    static func tiles(_ g: ConvolutionGeometry, side: Int) -> Int {
        g.batch * ((g.height + side - 1) / side) * ((g.width + side - 1) / side)
    }

    private var tiles: Int { Self.tiles(geometry, side: kernels.pointee.side) }

    private func sizes(isTurned: Bool = false) -> concord_winograd {
        let g = geometry
        return concord_winograd(
            batch: g.batch, height: g.height, width: g.width, channels: isTurned ? g.filters : g.channels,
            filters: isTurned ? g.channels : g.filters)
    }

    // MARK: Outputs

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        convolve(input, packed(weight, isTurned: false), bias, sizes(), into: output)
    }

    /// The convolution of the output's gradient with the turned weights.
    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape, type)
        convolve(upstream, packed(weight, isTurned: true), nil, sizes(isTurned: true), into: gradient)
        return gradient
    }

    private func packed(_ weight: Tensor, isTurned: Bool) -> Storage {
        PackedWeights.shared(weight, .winograd(type, isTurned: isTurned)) {
            let sizes = sizes(isTurned: isTurned), kernels = kernels.pointee, weight = weight.asFloat32
            let packed = Storage(bytes: kernels.packed_bytes(sizes.channels, sizes.filters))
            let to = packed.base, from = weight.float32Pointer
            Parallel.run(sizes.filters / 16, grain: Self.grain(sizes.channels)) { run in
                kernels.pack(
                    to, from, sizes.channels, sizes.filters, isTurned, 16 * run.lowerBound, 16 * run.upperBound)
            }
            return withExtendedLifetime(weight) { packed }
        }
    }

    /// Sixteens of filters whose weights are worth a thread of their own.
    private static func grain(_ channels: Int) -> Int { max(1, 4096 / channels) }

    private func convolve(
        _ input: Tensor, _ packed: Storage, _ bias: Tensor?, _ sizes: concord_winograd, into output: Tensor
    ) {
        let tiles = tiles, kernels = kernels.pointee, length = kernels.block(sizes.channels)
        let to = output.storage.base, from = input.storage.base, b = bias?.float32Pointer
        let streams = type == .float32 && Streaming.suits(output, channels: sizes.filters)
        Parallel.runDynamically((tiles + length - 1) / length) { block in
            let scratch = Storage(bytes: kernels.scratch_bytes(sizes.channels)), first = block * length
            kernels.convolve(to, from, packed.base, b, sizes, first, min(tiles, first + length), streams, scratch.base)
        }
        withExtendedLifetime((input, packed, bias)) {}
    }

    // MARK: Gradient of the weights

    /// Of transformed tiles at a time, so that they stay in the last cache; where the sum of their products is larger,
    /// so many that its traffic is no more than theirs.
    private static let tileBytes = 8 << 20
    /// Tiles that a thread transforms at a time.
    private static let run = 16

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape), to = gradient.float32Pointer  // before what is freed earlier
        let g = geometry, sizes = sizes(), kernels = kernels.pointee, tiles = tiles, blocks = (g.filters + 63) / 64
        let total = Tensor(zeros: [kernels.positions, blocks, g.channels, 64]), sums = total.float32Pointer
        let bytes = max(Self.tileBytes, min(total.count * 4, 4 * Self.tileBytes))
        let fitting = min(tiles, bytes / kernels.tile_bytes / (g.channels + g.filters))
        let most = max(1, (fitting + Self.run - 1) / Self.run) * Self.run
        let inputs = Storage(bytes: kernels.tiles_bytes(most, g.channels))
        let outputs = Storage(bytes: kernels.tiles_bytes(most, g.filters))
        let x = inputs.base, y = outputs.base, from = input.storage.base, upstreamFrom = upstream.storage.base
        for first in stride(from: 0, to: tiles, by: most) {
            let count = min(most, tiles - first)
            Parallel.runDynamically((count + Self.run - 1) / Self.run) { run in
                let place = run * Self.run, tile = first + place, last = min(first + count, tile + Self.run)
                kernels.inputs(x, count, place, from, sizes, tile, last)
                kernels.upstream(y, count, place, upstreamFrom, sizes, tile, last)
            }
            Parallel.runDynamically(kernels.positions * blocks) { part in
                kernels.accumulate(sums, x, y, count, sizes, part / blocks, part % blocks)
            }
        }
        Parallel.run(g.filters / 16, grain: Self.grain(g.channels)) { run in
            kernels.unpack(to, sums, g.channels, g.filters, 16 * run.lowerBound, 16 * run.upperBound)
        }
        return withExtendedLifetime((input, upstream, inputs, outputs, total)) { gradient }
    }
}

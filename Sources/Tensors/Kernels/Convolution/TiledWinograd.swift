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

    /// Blocks of 64 filters, and elements of the transformed gradient of one.
    private var blocks: Int { (geometry.filters + 63) / 64 }
    private var blockCount: Int { kernels.pointee.positions * geometry.channels * 64 }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape), sumBytes = blocks * blockCount * 4
        let bytes = tiles * kernels.pointee.tile_bytes * (geometry.channels + geometry.filters)
        if sumBytes >= Self.tileBytes, bytes <= max(4 * Self.tileBytes, 2 * sumBytes), blocks >= 2 * Threads.count {
            sumByBlocks(input, upstream, into: gradient)
        } else {
            let fitting = max(Self.tileBytes, min(sumBytes, 4 * Self.tileBytes))
            sumByTiles(input, upstream, tileBytes: fitting, into: gradient)
        }
        return gradient
    }

    /// Over all tiles at once: the sums of one block of filters stay in a cache, and no others are needed.
    private func sumByBlocks(_ input: Tensor, _ upstream: Tensor, into gradient: Tensor) {
        let g = geometry, sizes = sizes(), kernels = kernels.pointee, tiles = tiles, to = gradient.float32Pointer
        let transformed = TransformedTiles(kernels, tiles, sizes)
        transformed.fill(input, upstream, 0..<tiles)
        let (x, y) = (transformed.inputs.base, transformed.upstream.base), count = blockCount
        Parallel.runDynamically(blocks) { block in
            let sums = Tensor(zeros: [count])
            for position in 0..<kernels.positions {
                kernels.accumulate(sums.float32Pointer, x, y, tiles, sizes, position, block)
            }
            kernels.unpack(to, sums.float32Pointer, g.channels, 64 * block, min(g.filters, 64 * (block + 1)))
        }
        withExtendedLifetime(transformed) {}
    }

    /// Over some tiles at a time, which stay in a cache.
    private func sumByTiles(_ input: Tensor, _ upstream: Tensor, tileBytes: Int, into gradient: Tensor) {
        let g = geometry, sizes = sizes(), kernels = kernels.pointee, tiles = tiles, to = gradient.float32Pointer
        let total = Tensor(zeros: [blocks, blockCount]), sums = total.float32Pointer, count = blockCount
        let fitting = min(tiles, tileBytes / kernels.tile_bytes / (g.channels + g.filters))
        let most = max(1, (fitting + Self.run - 1) / Self.run) * Self.run
        let transformed = TransformedTiles(kernels, most, sizes), blocks = blocks
        let (x, y) = (transformed.inputs.base, transformed.upstream.base)
        for first in stride(from: 0, to: tiles, by: most) {
            let some = first..<min(tiles, first + most)
            transformed.fill(input, upstream, some)
            Parallel.runDynamically(kernels.positions * blocks) { part in
                let (position, block) = (part / blocks, part % blocks)
                kernels.accumulate(sums + block * count, x, y, some.count, sizes, position, block)
            }
        }
        Parallel.run(g.filters / 16, grain: Self.grain(g.channels)) { run in
            for sixteen in run {
                kernels.unpack(to, sums + sixteen / 4 * count, g.channels, 16 * sixteen, 16 * (sixteen + 1))
            }
        }
        withExtendedLifetime((total, transformed)) {}
    }

    /// Tiles of the input and of the output's gradient.
    private struct TransformedTiles: @unchecked Sendable {
        let inputs: Storage, upstream: Storage
        private let kernels: concord_winograd_kernels
        private let sizes: concord_winograd

        init(_ kernels: concord_winograd_kernels, _ most: Int, _ sizes: concord_winograd) {
            (self.kernels, self.sizes) = (kernels, sizes)
            inputs = Storage(bytes: kernels.tiles_bytes(most, sizes.channels))
            upstream = Storage(bytes: kernels.tiles_bytes(most, sizes.filters))
        }

        /// Transforms some tiles of a convolution in parallel.
        func fill(_ input: Tensor, _ gradient: Tensor, _ tiles: Range<Int>) {
            let x = inputs.base, y = upstream.base, from = input.storage.base, gradientFrom = gradient.storage.base
            Parallel.runDynamically((tiles.count + run - 1) / run) { [kernels, sizes] part in
                let place = part * run, first = tiles.lowerBound + place, last = min(tiles.upperBound, first + run)
                kernels.inputs(x, tiles.count, place, from, sizes, first, last)
                kernels.upstream(y, tiles.count, place, gradientFrom, sizes, first, last)
            }
            withExtendedLifetime((input, gradient)) {}
        }
    }
}

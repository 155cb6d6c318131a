import CKernels

/// 3x3 convolutions of stride 1 over bfloat16 activations in four ninths of the multiplications: F(2x2, 3x3) of Lavin
/// and Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308), with products of bfloat16 numbers
/// summed in float32.
///
/// Tiles of the input and weights are transformed in float32 and rounded to bfloat16, so that outputs are off by 1.7 to
/// 1.9 times as much as a direct bfloat16 convolution's, of which the weights and outputs alone are rounded: 4e-3 of
/// their root mean square against 2.3e-3. The weights' gradient, which a direct one sums up exactly, is off by 3.5e-3;
/// PyTorch's, rounded to bfloat16, by 1.7e-3.
///
/// Measured on two cores of an AMD EPYC (Zen 4), oneDNN 2.6 direct against this, forward, backward to the input and to
/// the weights: 512 samples of 64 channels on 32x32 83, 83, 105 ms against 51, 51, 57; 256 on 8x8 75, 80, 85 against
/// 41, 42, 51; 16 samples of 64 channels on 56x56 8.2, 8.2, 9.2 against 5.0, 5.0, 5.8; 512 on 7x7 8.6, 8.6, 9.9 against
/// 6.4, 7.4, 9.0. On AMX's tiles the direct one is faster.
struct BFloat16WinogradConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var geometry: ConvolutionGeometry { problem.geometry }

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry, one = ConvolutionGeometry.Extent(1, 1)
        guard problem.isBFloat16, Self.isAvailable, g.kernel == .init(3, 3), g.stride == one, g.padding == one,
            g.dilation == one, g.groups == 1, g.channels.isMultiple(of: 16), g.filters.isMultiple(of: 16)
        else { return nil }
        self.problem = problem
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        return !Processor.hasAMX && min(g.channels, g.filters) >= 32 && concord_winograd_tiles(sizes(g)) >= 64
    }

    /// The processor multiplies bfloat16 vectors, and oneDNN may do so too (`ONEDNN_MAX_CPU_ISA`).
    static let isAvailable: Bool = Processor.hasBFloat16 && concord_winograd_available()

    private static func sizes(_ g: ConvolutionGeometry) -> concord_winograd {
        concord_winograd(batch: g.batch, height: g.height, width: g.width, channels: g.channels, filters: g.filters)
    }

    // MARK: Outputs

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        convolve(
            input, packed(weight, isTurned: false), bias?.float32Pointer, Self.sizes(geometry),
            into: output.bfloat16Pointer)
        problem.epilogue?.finish(output, bias: nil)
    }

    /// The convolution of the output's gradient with the turned weights.
    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape, .bfloat16)
        convolve(
            upstream, packed(weight, isTurned: true), nil, Self.sizes(geometry.turned), into: gradient.bfloat16Pointer)
        return gradient
    }

    private func packed(_ weight: Tensor, isTurned: Bool) -> Storage {
        PackedWeights.shared(weight, .winograd(isTurned: isTurned)) {
            let g = isTurned ? geometry.turned : geometry
            let packed = Storage(bytes: concord_winograd_packed_bytes(g.channels, g.filters))
            let weight = weight.asFloat32, from = weight.float32Pointer, to = packed.winogradPointer
            Parallel.run(g.filters / 16, grain: max(1, 4096 / g.channels)) { run in
                concord_winograd_pack(
                    to, from, g.channels, g.filters, isTurned, 16 * run.lowerBound, 16 * run.upperBound)
            }
            return withExtendedLifetime(weight) { packed }
        }
    }

    private func convolve(
        _ input: Tensor, _ packed: Storage, _ bias: UnsafePointer<Float>?, _ sizes: concord_winograd,
        into to: UnsafeMutablePointer<UInt16>
    ) {
        let tiles = concord_winograd_tiles(sizes), length = concord_winograd_block(sizes.channels)
        let from = input.bfloat16Pointer, weights = packed.winogradPointer
        Parallel.runDynamically((tiles + length - 1) / length) { block in
            let scratch = Storage(bytes: concord_winograd_scratch(sizes.channels))
            let first = block * length
            concord_winograd_convolve(
                to, from, weights, bias, sizes, first, min(tiles, first + length), scratch.base)
        }
        withExtendedLifetime((input, packed)) {}
    }

    // MARK: Gradient of the weights

    /// Of transformed tiles at a time, so that they stay in the last cache.
    private static let tileBytes = 8 << 20
    /// Pairs of tiles that a thread transforms at a time.
    private static let run = 32

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let g = geometry, sizes = Self.sizes(g), tiles = concord_winograd_tiles(sizes), blocks = (g.filters + 63) / 64
        let most = max(1, min((tiles + 1) / 2, Self.tileBytes / 64 / (g.channels + g.filters)))
        let inputs = Storage(bytes: concord_winograd_pairs_bytes(most, g.channels))
        let outputs = Storage(bytes: concord_winograd_pairs_bytes(most, g.filters))
        let total = Tensor(zeros: [16, blocks, g.channels, 64]), sums = total.float32Pointer
        let x = inputs.winogradPointer, y = outputs.winogradPointer
        let from = input.bfloat16Pointer, upstreamFrom = upstream.bfloat16Pointer
        for first in stride(from: 0, to: tiles, by: 2 * most) {
            let end = min(tiles, first + 2 * most), pairs = (end - first + 1) / 2
            Parallel.runDynamically((pairs + Self.run - 1) / Self.run) { run in
                let pair = run * Self.run, tile = first + 2 * pair, last = min(end, tile + 2 * Self.run)
                concord_winograd_inputs(x, pairs, pair, from, sizes, tile, last)
                concord_winograd_outputs(y, pairs, pair, upstreamFrom, sizes, tile, last)
            }
            Parallel.runDynamically(16 * blocks) { part in
                concord_winograd_multiply(sums, x, y, pairs, g.channels, g.filters, part / blocks, part % blocks)
            }
        }
        let gradient = Tensor(uninitialized: shape), to = gradient.float32Pointer
        Parallel.run(g.filters / 16, grain: max(1, 4096 / g.channels)) { run in
            concord_winograd_unpack(to, sums, g.channels, g.filters, 16 * run.lowerBound, 16 * run.upperBound)
        }
        return withExtendedLifetime((input, upstream, inputs, outputs, total)) {
            (gradient, problem.biasGradient(upstream))
        }
    }
}

extension ConvolutionGeometry {
    /// That of the input's gradient, as a convolution of the output's, where neither changes the size.
    fileprivate var turned: ConvolutionGeometry {
        var turned = self
        (turned.channels, turned.filters) = (filters, channels)
        return turned
    }
}

extension Storage {
    /// The memory as transformed tiles or weights.
    fileprivate var winogradPointer: UnsafeMutablePointer<UInt16> { base.assumingMemoryBound(to: UInt16.self) }
}

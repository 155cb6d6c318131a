/// Convolutions along one axis as GEMMs on the activations as they are stored, without a copy (implicit GEMM).
///
/// The inputs from the start of one window to that of the next are contiguous, so a sample is a matrix with rows of
/// `stride * C` numbers, and a kernel of k taps covers `ceil(k / stride)` rows of it: each pass is one GEMM for every
/// such block of taps. Windows that reach into the padding are few; each is one GEMM over all samples.
///
/// Measured on two cores of a Xeon (Sapphire Rapids), 32 samples of 2048 steps, 256 channels, kernel 8, stride 4,
/// oneDNN 2.6 against this: forward 72 ms against 66, backward to the input 82 against 65, to the weights 153 against
/// 78 (17.2 GFLOP each).
struct ImplicitGEMM1D: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private var g: ConvolutionGeometry { problem.geometry }

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry
        guard !problem.isBFloat16, g.height == 1, g.kernel.height == 1, g.padding.height == 0, g.groups == 1,
            g.dilation == .init(1, 1)
        else { return nil }
        self.problem = problem
    }

    /// Not where the matrices are too small for GEMMs at full speed.
    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        return g.channels >= 64 && g.filters >= 64 && g.outWidth >= 32 && g.batch >= 8
    }

    // MARK: Passes

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let g = g
        let strip = Strip(g)
        let packed = PackedWeights.shared(weight, .tapColumns) {
            weight.viewed(as: [g.filters, g.channels, strip.taps]).permuted([2, 1, 0]).storage  // [k, C, filters]
        }
        let (x, w, y, b) = (input.float32Pointer, packed.float32Pointer, output.float32Pointer, bias?.float32Pointer)
        let (c, f) = (g.channels, g.filters), (sampleIn, sampleOut) = (g.width * c, g.outWidth * f),
            whole = strip.wholeWindows
        Parallel.run(g.batch) { samples in
            let (from, to) = (x + samples.lowerBound * sampleIn, y + samples.lowerBound * sampleOut)
            for sample in 0..<samples.count {
                if let b {
                    Kernels.fillRows(to + sample * sampleOut, with: b, rows: g.outWidth, width: f)
                } else {
                    (to + sample * sampleOut).update(repeating: 0, count: sampleOut)
                }
                for block in strip.blocks where !whole.isEmpty {
                    GEMM.serial(
                        whole.count, f, block.count * c, 1,
                        from + sample * sampleIn + strip.input(whole.lowerBound, block.lowerBound) * c,
                        strip.stride * c, false, w + block.lowerBound * c * f, f, false, 1,
                        to + sample * sampleOut + whole.lowerBound * f, f)
                }
            }
            strip.forEachEdge { window, taps in
                GEMM.serial(
                    samples.count, f, taps.count * c, 1, from + strip.input(window, taps.lowerBound) * c, sampleIn,
                    false,
                    w + taps.lowerBound * c * f, f, false, 1, to + window * f, sampleOut)
            }
        }
        withExtendedLifetime(packed) {}
        problem.epilogue?.finish(output, bias: nil)
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let g = g, strip = Strip(g), gradient = Tensor(uninitialized: [g.filters, strip.taps, g.channels])
        let (x, y, d) = (input.float32Pointer, upstream.float32Pointer, gradient.float32Pointer)
        let (c, f) = (g.channels, g.filters), (sampleIn, sampleOut) = (g.width * c, g.outWidth * f),
            whole = strip.wholeWindows
        let line = strip.taps * c, tile = 16
        Parallel.run((f + tile - 1) / tile) { tiles in
            let filters = tiles.lowerBound * tile..<min(f, tiles.upperBound * tile), to = d + filters.lowerBound * line
            to.update(repeating: 0, count: filters.count * line)
            for sample in 0..<g.batch where !whole.isEmpty {
                for block in strip.blocks {
                    GEMM.serial(
                        filters.count, block.count * c, whole.count, 1,
                        y + sample * sampleOut + whole.lowerBound * f + filters.lowerBound, f, true,
                        x + sample * sampleIn + strip.input(whole.lowerBound, block.lowerBound) * c, strip.stride * c,
                        false, 1,
                        to + block.lowerBound * c, line)
                }
            }
            strip.forEachEdge { window, taps in
                GEMM.serial(
                    filters.count, taps.count * c, g.batch, 1, y + window * f + filters.lowerBound, sampleOut, true,
                    x + strip.input(window, taps.lowerBound) * c, sampleIn, false, 1, to + taps.lowerBound * c, line)
            }
        }
        return (gradient.permuted([0, 2, 1]).viewed(as: shape), problem.biasGradient(upstream))
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let g = g, strip = Strip(g), (s, c, f) = (strip.stride, g.channels, g.filters), blocks = strip.blocks
        let packed = PackedWeights.shared(weight, .tapBlocks(stride: s)) {
            weight.viewed(as: [f, c, strip.taps]).padded([(0, 0), (0, 0), (0, blocks.count * s - strip.taps)])
                .viewed(as: [f, c, blocks.count, s]).permuted([2, 0, 3, 1]).storage  // [blocks, filters, stride, C]
        }
        let gradient = Tensor(uninitialized: shape)
        let (x, w, y) = (gradient.float32Pointer, packed.float32Pointer, upstream.float32Pointer)
        let (sampleIn, sampleOut) = (g.width * c, g.outWidth * f), whole = strip.wholeRows
        Parallel.run(g.batch) { samples in
            let (from, to) = (y + samples.lowerBound * sampleOut, x + samples.lowerBound * sampleIn)
            for sample in 0..<samples.count where !whole.isEmpty {
                for (index, block) in blocks.enumerated() {
                    GEMM.serial(
                        whole.count, (index == 0 ? s : block.count) * c, f, 1,
                        from + sample * sampleOut + (whole.lowerBound - index) * f,
                        f,
                        false, w + index * f * s * c, s * c, false, index == 0 ? 0 : 1,
                        to + sample * sampleIn + strip.input(whole.lowerBound, 0) * c, s * c)
                }
            }
            strip.forEachStep(outside: whole) { step, meetings in
                var beta: Float = 0
                for (window, tap) in meetings {
                    GEMM.serial(
                        samples.count, c, f, 1, from + window * f, sampleOut, false,
                        w + tap / s * f * s * c + tap % s * c, s * c, false,
                        beta, to + step * c, sampleIn)
                    beta = 1
                }
                if beta == 0 {
                    for sample in 0..<samples.count {
                        (to + sample * sampleIn + step * c).update(repeating: 0, count: c)
                    }
                }
            }
        }
        return withExtendedLifetime(packed) { gradient }
    }
}

/// The windows of a kernel on one axis.
private struct Strip {
    let steps, windows, taps, stride, padding: Int

    init(_ g: ConvolutionGeometry) {
        (steps, windows, taps, stride, padding) = (g.width, g.outWidth, g.kernel.width, g.stride.width, g.padding.width)
    }

    /// The taps in runs of one stride, the last one shorter where they do not come out even.
    var blocks: [Range<Int>] { Swift.stride(from: 0, to: taps, by: stride).map { $0..<min(taps, $0 + stride) } }

    /// The input step that a window's tap meets.
    func input(_ window: Int, _ tap: Int) -> Int { window * stride - padding + tap }

    private var firstWhole: Int { (padding + stride - 1) / stride }

    /// Windows that meet no padding.
    var wholeWindows: Range<Int> {
        let room = steps + padding - taps
        return firstWhole..<max(firstWhole, room < 0 ? 0 : min(windows, room / stride + 1))
    }

    /// Runs of one stride of input steps, counted from where the first window starts, that every block of taps meets in
    /// some window.
    var wholeRows: Range<Int> {
        let first = max(firstWhole, blocks.count - 1)
        return first..<max(first, min(windows, (steps + padding) / stride))
    }

    /// The windows that reach into the padding, each with the taps that meet the input, if any do.
    func forEachEdge(_ body: (_ window: Int, _ taps: Range<Int>) -> Void) {
        let whole = wholeWindows
        for window in 0..<windows where !whole.contains(window) {
            let first = max(0, -input(window, 0)), last = min(taps, steps - input(window, 0))
            if first < last { body(window, first..<last) }
        }
    }

    /// The input steps outside of `rows`, each with the windows that meet it and the tap of each.
    func forEachStep(outside rows: Range<Int>, _ body: (_ step: Int, _ meetings: [(window: Int, tap: Int)]) -> Void) {
        let covered = rows.isEmpty ? 0..<0 : input(rows.lowerBound, 0)..<input(rows.upperBound, 0)
        for step in 0..<steps where !covered.contains(step) {
            let taps = Swift.stride(from: (step + padding) % stride, to: taps, by: stride)
            body(
                step,
                taps.map { ((step + padding - $0) / stride, $0) }.filter {
                    (0..<windows).contains($0.0) && step + padding >= $0.1
                })
        }
    }
}

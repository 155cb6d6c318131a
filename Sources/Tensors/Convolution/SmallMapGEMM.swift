#if canImport(Glibc)
    import Glibc
#endif

/// Convolutions over small maps as GEMMs on the activations as they are stored: one position's values in all samples
/// are a matrix `[N, C]`, and neighboring taps of a row are contiguous, so that each output position and row of the
/// kernel takes one GEMM, without a copy.
///
/// A direct convolution vectorizes along a row of outputs; on rows of four and fewer it is slow, and it multiplies the
/// padding too. Measured on one core of a Xeon (Sapphire Rapids), 256 samples, 3x3, oneDNN 2.6 against this, forward,
/// backward to the input and to the weights: 512 channels on 2x2 127, 33, 136 ms against 20, 17, 21; 256 on 4x4 48, 34,
/// 49 against 30, 27, 31.
struct SmallMapGEMM: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    /// With every position of a pointwise convolution as a sample.
    private let g: ConvolutionGeometry

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry
        guard !problem.isBFloat16, g.groups == 1, g.dilation == .init(1, 1) else { return nil }
        self.problem = problem
        self.g = g.isPointwise ? g.asOnePosition : g
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        guard g.batch >= 32, g.channels >= 64, g.filters >= 64 else { return false }
        return switch problem.pass {
        case .forward:  // a bias in training is the direct convolution's
            g.outHeight * g.outWidth <= 16 && (!problem.hasBias || problem.epilogue != nil)
        case .inputGradient:
            g.height * g.width <= (g.isPointwise || g.batch < 64 ? 16 : 64) && g.channels >= 128
        case .weightGradient: g.outHeight * g.outWidth <= 16
        }
    }

    // MARK: Passes

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let packed = PackedWeights.shared(weight, .filterRows) { filterRows(weight) }
        let (x, y, w) = (input.float32Pointer, output.float32Pointer, packed.float32Pointer)
        let sampleIn = g.height * g.width * g.channels, sampleOut = g.outHeight * g.outWidth * g.filters
        Parallel.run(g.batch, grain: 16) { samples in
            forEachOutput { position, row, input, taps in
                GEMM.serial(
                    samples.count, g.filters, taps.count * g.channels, 1, x + samples.lowerBound * sampleIn + input,
                    sampleIn, false,
                    w + (row.tap * g.filters * g.kernel.width + taps.lowerBound) * g.channels,
                    g.kernel.width * g.channels, true,
                    row.isFirst ? 0 : 1, y + samples.lowerBound * sampleOut + position * g.filters, sampleOut)
            } uncovered: { position in
                zero(y + samples.lowerBound * sampleOut + position * g.filters, samples.count, sampleOut, g.filters)
            }
        }
        withExtendedLifetime(packed) {}
        (problem.epilogue ?? ConvolutionEpilogue()).finish(output, bias: bias)
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let gradient = Tensor(uninitialized: shape), packed = Storage(bytes: gradient.storage.bytes)
        let (x, y, w, d) = (
            input.float32Pointer, upstream.float32Pointer, packed.float32Pointer, gradient.float32Pointer
        )
        let sampleIn = g.height * g.width * g.channels, sampleOut = g.outHeight * g.outWidth * g.filters
        let line = g.kernel.width * g.channels, tile = 16
        Parallel.run((g.filters + tile - 1) / tile) { tiles in
            let filters = tiles.lowerBound * tile..<min(g.filters, tiles.upperBound * tile)
            for row in 0..<g.kernel.height {
                memset(w + (row * g.filters + filters.lowerBound) * line, 0, filters.count * line * 4)
            }
            forEachOutput { position, row, input, taps in
                GEMM.serial(
                    filters.count, taps.count * g.channels, g.batch, 1, y + position * g.filters + filters.lowerBound,
                    sampleOut, true,
                    x + input, sampleIn, false, 1,
                    w + (row.tap * g.filters + filters.lowerBound) * line + taps.lowerBound * g.channels, line)
            } uncovered: { _ in
            }
            forEachTap(filters: filters) { filter, row, column, plain in
                Kernels.scatterStrided(
                    d + plain, stride: g.kernel.height * g.kernel.width,
                    from: w + (row * g.filters + filter) * line + column * g.channels, count: g.channels)
            }
        }
        return withExtendedLifetime(packed) { (gradient, problem.biasGradient(upstream)) }
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let packed = PackedWeights.shared(weight, .tapRows(stride: g.stride.width)) { tapRows(weight) }
        let gradient = Tensor(uninitialized: shape)
        let (x, y, w) = (gradient.float32Pointer, upstream.float32Pointer, packed.float32Pointer)
        let sampleIn = g.height * g.width * g.channels, sampleOut = g.outHeight * g.outWidth * g.filters
        let places = tapPlaces
        Parallel.run(g.batch, grain: 16) { samples in
            for position in 0..<g.height * g.width {
                let (row, column) = (position / g.width + g.padding.height, position % g.width + g.padding.width)
                let first = max(0, (column - g.kernel.width + g.stride.width) / g.stride.width)
                let count = min(column / g.stride.width, g.outWidth - 1) - first + 1
                let to = x + samples.lowerBound * sampleIn + position * g.channels
                var isFirst = true
                for tap in 0..<g.kernel.height where count > 0 && row >= tap && (row - tap) % g.stride.height == 0 {
                    let outRow = (row - tap) / g.stride.height
                    guard outRow < g.outHeight else { continue }
                    let place = tap * g.kernel.width + places[column - first * g.stride.width]
                    GEMM.serial(
                        samples.count, g.channels, count * g.filters, 1,
                        y + samples.lowerBound * sampleOut + (outRow * g.outWidth + first) * g.filters, sampleOut,
                        false,
                        w + place * g.filters * g.channels, g.channels, false, isFirst ? 0 : 1, to, sampleIn)
                    isFirst = false
                }
                if isFirst { zero(to, samples.count, sampleIn, g.channels) }
            }
        }
        return withExtendedLifetime(packed) { gradient }
    }

    // MARK: Walks

    /// - Parameters:
    ///   - body: for each output position and row of the kernel that meets the input there: the position, the row and
    ///     whether it is the position's first, the first input element met, and the taps of that row that meet the
    ///     input.
    ///   - uncovered: for each position that meets padding only.
    private func forEachOutput(
        _ body: (_ position: Int, _ row: (tap: Int, isFirst: Bool), _ input: Int, _ taps: Range<Int>) -> Void,
        uncovered: (_ position: Int) -> Void
    ) {
        for position in 0..<g.outHeight * g.outWidth {
            let top = position / g.outWidth * g.stride.height - g.padding.height
            let left = position % g.outWidth * g.stride.width - g.padding.width
            let rows = max(0, -top)..<max(max(0, -top), min(g.kernel.height, g.height - top))
            let taps = max(0, -left)..<max(max(0, -left), min(g.kernel.width, g.width - left))
            guard !rows.isEmpty, !taps.isEmpty else {
                uncovered(position)
                continue
            }
            for row in rows {
                let input = ((top + row) * g.width + left + taps.lowerBound) * g.channels
                body(position, (row, row == rows.lowerBound), input, taps)
            }
        }
    }

    private func forEachTap(
        filters: Range<Int>, _ body: (_ filter: Int, _ row: Int, _ column: Int, _ plain: Int) -> Void
    ) {
        let area = g.kernel.height * g.kernel.width
        for filter in filters {
            for tap in 0..<area {
                body(filter, tap / g.kernel.width, tap % g.kernel.width, filter * g.channels * area + tap)
            }
        }
    }

    private func zero(_ to: UnsafeMutablePointer<Float>, _ rows: Int, _ stride: Int, _ count: Int) {
        for row in 0..<rows { memset(to + row * stride, 0, count * 4) }
    }

    // MARK: Layouts

    /// `[kH, filters, kW, C]`.
    private func filterRows(_ weight: Tensor) -> Storage {
        packed(weight) { filter, row, column in ((row * g.filters + filter) * g.kernel.width + column) * g.channels }
    }

    /// `[kH, places, filters, C]`: the columns that meet the same outputs' grid, those of one residue modulo the
    /// stride, are contiguous and in reverse, which is the order of the outputs.
    private func tapRows(_ weight: Tensor) -> Storage {
        let places = tapPlaces
        return packed(weight) { filter, row, column in
            ((row * g.kernel.width + places[column]) * g.filters + filter) * g.channels
        }
    }

    /// The place of each column of the kernel in `tapRows`.
    private var tapPlaces: [Int] {
        var places = [Int](repeating: 0, count: g.kernel.width), next = 0
        for residue in 0..<g.stride.width {
            for column in stride(from: residue, to: g.kernel.width, by: g.stride.width).reversed() {
                places[column] = next
                next += 1
            }
        }
        return places
    }

    private func packed(
        _ weight: Tensor, _ place: (_ filter: Int, _ row: Int, _ column: Int) -> Int
    ) -> Storage {
        let packed = Storage(bytes: weight.storage.bytes)
        let (to, from) = (packed.float32Pointer, weight.float32Pointer)
        Parallel.run(g.filters, grain: max(1, Elementwise.grain / max(1, g.weightCount / g.filters))) { filters in
            forEachTap(filters: filters) { filter, row, column, plain in
                Kernels.gatherStrided(
                    to + place(filter, row, column), from: from + plain, stride: g.kernel.height * g.kernel.width,
                    count: g.channels)
            }
        }
        return packed
    }
}

extension ConvolutionGeometry {
    /// Every position is computed from itself alone.
    var isPointwise: Bool { kernel == .init(1, 1) && stride == .init(1, 1) && padding == .init(0, 0) }

    /// The same of the positions that its stride leaves.
    var isStridedPointwise: Bool { kernel == .init(1, 1) && stride != .init(1, 1) && padding == .init(0, 0) }

    /// The same with every position as a sample: one GEMM for all of them.
    fileprivate var asOnePosition: ConvolutionGeometry {
        var one = self
        (one.batch, one.height, one.width) = (batch * height * width, 1, 1)
        return one
    }
}

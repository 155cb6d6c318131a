import CKernels

/// `(x - mean) * scale + bias` with one number of each for every channel: what normalization comes down to once its
/// statistics are known.
struct ChannelAffine {
    /// `[C]` each; `scale` is `weight * rstd`.
    let mean, rstd, scale, bias: Tensor
    var channels: Int { mean.count }

    init(mean: Tensor, rstd: Tensor, weight: Tensor?, bias: Tensor?) {
        self.mean = mean
        self.rstd = rstd
        if let weight {
            scale = Tensor(uninitialized: rstd.shape)
            let (to, w, r) = (scale.float32Pointer, weight.float32Pointer, rstd.float32Pointer)
            for c in 0..<rstd.count { to[c] = w[c] * r[c] }
        } else {
            scale = rstd
        }
        self.bias = bias?.detached ?? Tensor(zeros: mean.shape)
    }

    func callAsFunction(_ x: Tensor, residual: Tensor?, rectify: Bool) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType), carried = residual?.cast(to: x.elementType)
        let (y, a, r, c) = (output.elementPointer, x.elementPointer, carried?.elementPointer, channels)
        let (m, s, b) = (mean.float32Pointer, scale.float32Pointer, bias.float32Pointer)
        let streams = Streaming.suits(output, channels: c)
        Parallel.run(x.count / max(1, c), grain: Elementwise.grain / max(1, c)) { rows in
            let at = rows.lowerBound * c
            Kernels.channelNormalize(
                y + at, a + at, residual: r.map { $0 + at }, rows: rows.count, channels: c, mean: m, scale: s,
                bias: b, rectifies: rectify, streams: streams)
        }
        return output
    }

    /// Computes rows of the output again.
    func rowStep(_ x: Tensor, rectify: Bool) -> RowStep {
        { rows, to, carried, streams in
            let a = x.elementPointer + rows.lowerBound * channels
            Kernels.channelNormalize(
                to, a, residual: carried, rows: rows.count, channels: channels, mean: mean.float32Pointer,
                scale: scale.float32Pointer, bias: bias.float32Pointer, rectifies: rectify, streams: streams)
        }
    }

    /// Where a rectified output's gradient passes.
    enum Mask {
        case everywhere
        /// Where this output is positive.
        case output(RowSource)
        /// Where the output was, found again from the input.
        case input

        var needsOutput: Bool { if case .output = self { true } else { false } }
        var needsInput: Bool { if case .input = self { true } else { false } }
    }

    /// Each channel's sums of g and of g (x - mean), g being the masked `upstream`, which is of the element type of
    /// `x`.
    /// - Parameter masked: memory for g itself.
    func gradientSums(_ upstream: Tensor, _ x: Tensor, _ mask: Mask, masked: Tensor? = nil) -> ChannelSums {
        let (u, a, c, w) = (upstream.elementPointer, x.elementPointer, channels, masked?.elementPointer)
        let type = x.elementType
        let (m, s, b) = (mean.float32Pointer, scale.float32Pointer, bias.float32Pointer)
        let streams = masked.map { Streaming.suits($0, channels: c) } ?? false
        return ChannelSums(rows: x.count / max(1, c), channels: c) { rows, sums, products in
            let at = rows.lowerBound * c, g = u + at, x = a + at, to = w.map { $0 + at }
            switch mask {
            case .everywhere:
                Kernels.channelGradientSums(
                    g, x, output: nil, masked: to, rows: rows.count, channels: c, mean: m, sums: sums,
                    products: products, streams: streams)
            case .output(let output):
                output.run(rows, width: c, multipleOf: Int(concord_channel_run), type) { block, output in
                    let at = (block.lowerBound - rows.lowerBound) * c
                    Kernels.channelGradientSums(
                        g + at, x + at, output: output(block), masked: to.map { $0 + at }, rows: block.count,
                        channels: c, mean: m, sums: sums, products: products, streams: streams)
                }
            case .input:
                Kernels.channelGradientSumsRectified(
                    g, x, rows: rows.count, channels: c, mean: m, scale: s, bias: b, sums: sums, products: products)
            }
        }
    }

    /// `scale * g - constant - (x - mean) * slope`, with g the masked `upstream`; `.output` must have been applied
    /// before.
    /// - Parameter gradient: written; may be `upstream`.
    func gradient(
        _ upstream: Tensor, _ x: Tensor, isRectified: Bool, constant: Tensor, slope: Tensor, into gradient: Tensor
    ) {
        let (d, u, a, c) = (gradient.elementPointer, upstream.elementPointer, x.elementPointer, channels)
        let (m, s, b, k, l) = (
            mean.float32Pointer, scale.float32Pointer, bias.float32Pointer, constant.float32Pointer,
            slope.float32Pointer
        )
        let streams = gradient.storage !== upstream.storage && Streaming.suits(gradient, channels: c)
        Parallel.run(x.count / max(1, c), grain: Elementwise.grain / max(1, c)) { rows in
            let at = rows.lowerBound * c
            Kernels.channelGradient(
                d + at, u + at, a + at, rows: rows.count, channels: c, mean: m, scale: s,
                rectifyingBias: isRectified ? UnsafePointer(b) : nil, constant: k, slope: l, streams: streams)
        }
    }
}

/// Two sums for every channel over all rows of `[rows, C]`, cut in the same places whatever the number of threads.
struct ChannelSums {
    typealias Doubles = UnsafeMutablePointer<Double>

    private let storage: Storage
    private let channels: Int

    /// - Parameter body: adds the sums over a range of rows to two vectors of C.
    init(rows: Int, channels: Int, _ body: (_ rows: Range<Int>, _ first: Doubles, _ second: Doubles) -> Void) {
        let chunks = min(64, max(1, rows * channels / 4096))
        let partial = Storage(bytes: chunks * 2 * channels * MemoryLayout<Double>.stride)
        let sums = partial.base.assumingMemoryBound(to: Double.self)
        sums.update(repeating: 0, count: chunks * 2 * channels)
        Parallel.run(chunks, grain: max(1, chunks * Elementwise.grain / max(1, rows * channels))) { range in
            for chunk in range {
                let at = sums + chunk * 2 * channels
                body(rows * chunk / chunks..<rows * (chunk + 1) / chunks, at, at + channels)
            }
        }
        for chunk in 1..<max(1, chunks) {
            let from = sums + chunk * 2 * channels
            for i in 0..<2 * channels { sums[i] += from[i] }
        }
        storage = partial
        self.channels = channels
    }

    /// Valid as long as this value is.
    var first: Doubles { storage.base.assumingMemoryBound(to: Double.self) }
    var second: Doubles { first + channels }
}

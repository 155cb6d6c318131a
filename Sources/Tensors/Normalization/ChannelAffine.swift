import CKernels

/// `(x - mean) * scale + bias` with one number of each for every channel: what normalisation comes down to once its
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
            let (to, w, r) = (scale.floats, weight.floats, rstd.floats)
            for c in 0..<rstd.count { to[c] = w[c] * r[c] }
        } else {
            scale = rstd
        }
        self.bias = bias?.detached ?? Tensor(zeros: mean.shape)
    }

    func callAsFunction(_ x: Tensor, residual: Tensor?, rectify: Bool) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType), carried = residual?.cast(to: x.elementType)
        let (y, a, r, c) = (output.numbers, x.numbers, carried?.numbers, channels)
        let (m, s, b) = (mean.floats, scale.floats, bias.floats)
        let streams = Streaming.suits(output, channels: c)
        Parallel.run(x.count / max(1, c), grain: Elementwise.grain / max(1, c)) { rows in
            let at = rows.lowerBound * c
            concord_channel_normalize(
                (y + at).base, (a + at).base, r.map { ($0 + at).base }, a.isNarrow, rows.count, c, m, s, b, rectify,
                streams)
        }
        return output
    }

    /// Where a rectified output's gradient passes.
    enum Mask {
        case everywhere
        /// Where this output is positive.
        case output(Tensor)
        /// Where the output was, found again from the input.
        case input

        var needsOutput: Bool { if case .output = self { true } else { false } }
        var needsInput: Bool { if case .input = self { true } else { false } }
    }

    /// Each channel's sums of g and of g (x - mean), g being the masked `upstream`, which is of the element type of
    /// `x`.
    /// - Parameter masked: memory for g itself.
    func gradientSums(_ upstream: Tensor, _ x: Tensor, _ mask: Mask, masked: Tensor? = nil) -> ChannelSums {
        let (u, a, c, w) = (upstream.numbers, x.numbers, channels, masked?.numbers), isNarrow = a.isNarrow
        let (m, s, b) = (mean.floats, scale.floats, bias.floats)
        let streams = masked.map { Streaming.suits($0, channels: c) } ?? false
        return ChannelSums(rows: x.count / max(1, c), channels: c) { rows, sums, products in
            let at = rows.lowerBound * c, g = (u + at).base, x = (a + at).base, to = w.map { ($0 + at).base }
            switch mask {
            case .everywhere:
                concord_channel_gradient_sums(g, x, nil, to, isNarrow, rows.count, c, m, sums, products, streams)
            case .output(let output):
                concord_channel_gradient_sums(
                    g, x, (output.numbers + at).base, to, isNarrow, rows.count, c, m, sums, products, streams)
            case .input: concord_channel_gradient_sums_rectified(g, x, isNarrow, rows.count, c, m, s, b, sums, products)
            }
        }
    }

    /// `scale * g - constant - (x - mean) * slope`, with g the masked `upstream`; `.output` must have been applied
    /// before.
    func gradient(_ upstream: Tensor, _ x: Tensor, isRectified: Bool, constant: Tensor, slope: Tensor) -> Tensor {
        let gradient = Tensor(uninitialized: x.shape, x.elementType)
        let (d, u, a, c) = (gradient.numbers, upstream.numbers, x.numbers, channels)
        let (m, s, b, k, l) = (mean.floats, scale.floats, bias.floats, constant.floats, slope.floats)
        let streams = Streaming.suits(gradient, channels: c)
        Parallel.run(x.count / max(1, c), grain: Elementwise.grain / max(1, c)) { rows in
            let at = rows.lowerBound * c, to = (d + at).base, g = (u + at).base, x = (a + at).base
            if isRectified {
                concord_channel_gradient_rectified(to, g, x, a.isNarrow, rows.count, c, m, s, b, k, l, streams)
            } else {
                concord_channel_gradient(to, g, x, a.isNarrow, rows.count, c, m, s, k, l, streams)
            }
        }
        return gradient
    }
}

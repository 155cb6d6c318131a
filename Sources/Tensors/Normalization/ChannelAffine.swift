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
            concord_channel_normalize(
                (y + at).base, (a + at).base, r.map { ($0 + at).base }, a.isBFloat16, rows.count, c, m, s, b, rectify,
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
        let (u, a, c, w) = (upstream.elementPointer, x.elementPointer, channels, masked?.elementPointer),
            isBFloat16 = a.isBFloat16
        let (m, s, b) = (mean.float32Pointer, scale.float32Pointer, bias.float32Pointer)
        let streams = masked.map { Streaming.suits($0, channels: c) } ?? false
        return ChannelSums(rows: x.count / max(1, c), channels: c) { rows, sums, products in
            let at = rows.lowerBound * c, g = (u + at).base, x = (a + at).base, to = w.map { ($0 + at).base }
            switch mask {
            case .everywhere:
                concord_channel_gradient_sums(g, x, nil, to, isBFloat16, rows.count, c, m, sums, products, streams)
            case .output(let output):
                concord_channel_gradient_sums(
                    g, x, (output.elementPointer + at).base, to, isBFloat16, rows.count, c, m, sums, products, streams)
            case .input:
                concord_channel_gradient_sums_rectified(g, x, isBFloat16, rows.count, c, m, s, b, sums, products)
            }
        }
    }

    /// `scale * g - constant - (x - mean) * slope`, with g the masked `upstream`; `.output` must have been applied
    /// before.
    func gradient(_ upstream: Tensor, _ x: Tensor, isRectified: Bool, constant: Tensor, slope: Tensor) -> Tensor {
        let gradient = Tensor(uninitialized: x.shape, x.elementType)
        let (d, u, a, c) = (gradient.elementPointer, upstream.elementPointer, x.elementPointer, channels)
        let (m, s, b, k, l) = (
            mean.float32Pointer, scale.float32Pointer, bias.float32Pointer, constant.float32Pointer,
            slope.float32Pointer
        )
        let streams = Streaming.suits(gradient, channels: c)
        Parallel.run(x.count / max(1, c), grain: Elementwise.grain / max(1, c)) { rows in
            let at = rows.lowerBound * c, to = (d + at).base, g = (u + at).base, x = (a + at).base
            if isRectified {
                concord_channel_gradient_rectified(to, g, x, a.isBFloat16, rows.count, c, m, s, b, k, l, streams)
            } else {
                concord_channel_gradient(to, g, x, a.isBFloat16, rows.count, c, m, s, k, l, streams)
            }
        }
        return gradient
    }
}

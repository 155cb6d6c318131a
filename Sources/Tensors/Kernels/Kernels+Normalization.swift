import CKernels

// MARK: Over the last axis

extension Kernels {
    /// Layer normalization over the last axis.
    /// - Parameters:
    ///   - x: `[..., C]`, float32 or bfloat16; weight, bias: `[C]`, float32.
    ///   - statistics: `[2, rows]`, float32: gets each row's mean and `1 / sqrt(var + epsilon)`.
    /// - Returns: of the element type of `x`.
    static func layerNorm(
        _ input: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Float, statistics: Tensor
    ) -> Tensor {
        let rows = Rows.count(of: input), width = input.shape.last ?? 1
        let output = Tensor(uninitialized: input.shape, input.elementType)
        let x = input.elementPointer, y = output.elementPointer
        let w = weight?.float32Pointer, b = bias?.float32Pointer
        let mean = statistics.float32Pointer, rstd = mean + rows
        Rows.run(rows, width: width, slots: 2, isBFloat16: x.isBFloat16) { range, staging in
            let i = range.lowerBound
            concord_layer_norm(
                staging.place(y, range, 0), mean + i, rstd + i, staging.read(x, range, 1), w, b, epsilon,
                range.count, width)
            staging.write(y, range, 0)
        }
        return output
    }

    /// The gradients that are needed, from the input and `layerNorm`'s statistics.
    static func layerNormPullback(
        _ upstream: Tensor, _ input: Tensor, weight: Tensor?, statistics: Tensor,
        needs: (input: Bool, weight: Bool, bias: Bool)
    ) -> (dx: Tensor?, dweight: Tensor?, dbias: Tensor?) {
        let rows = Rows.count(of: input), width = input.shape.last ?? 1
        let dx = needs.input ? Tensor(uninitialized: input.shape, input.elementType) : nil
        let x = input.elementPointer, dy = upstream.elementPointer, to = dx?.elementPointer
        let w = weight?.float32Pointer, mean = statistics.float32Pointer, rstd = mean + rows
        let sums = Rows.summing(rows, width: width, sums: 2) { range, sums in
            Float32Staging.run(range, width: width, slots: 3, isNeeded: x.isBFloat16) { range, staging in
                let i = range.lowerBound
                concord_layer_norm_pullback(
                    to.map { staging.place($0, range, 0) }, needs.weight ? sums : nil,
                    needs.bias ? sums + width : nil, staging.read(dy, range, 1), staging.read(x, range, 2), mean + i,
                    rstd + i, w, range.count, width)
                if let to { staging.write(to, range, 0) }
            }
        }
        return (dx, needs.weight ? sums[0] : nil, needs.bias ? sums[1] : nil)
    }

    /// Rows of length 1 and the lengths that they had, `[rows]`.
    /// - Parameter x: `[..., C]`, float32.
    static func l2Normalize(_ x: Tensor, epsilon: Float) -> (output: Tensor, norms: Tensor) {
        let rows = Rows.count(of: x), width = x.shape.last ?? 1
        let output = Tensor(uninitialized: x.shape), norms = Tensor(uninitialized: [rows])
        let source = x.float32Pointer, y = output.float32Pointer, norm = norms.float32Pointer
        Parallel.run(rows, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_l2_norm(y + i * width, norm + i, source + i * width, epsilon, range.count, width)
        }
        return (output, norms)
    }

    /// - Parameter dx: written; may be `upstream`.
    static func l2NormalizePullback(
        _ upstream: Tensor, output: Tensor, norms: Tensor, epsilon: Float, into dx: Tensor
    ) {
        let width = output.shape.last ?? 1, y = output.float32Pointer, norm = norms.float32Pointer
        let dy = upstream.float32Pointer, to = dx.float32Pointer
        Parallel.run(norms.count, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_l2_norm_pullback(
                to + i * width, dy + i * width, y + i * width, norm + i, epsilon, range.count, width)
        }
    }
}

// MARK: Over channels, on this thread

extension Kernels {
    typealias Doubles = UnsafeMutablePointer<Double>

    /// Adds each channel's sum of `x - shift` to `sums` and of its square to `squares`.
    /// - Parameters: x: `[rows, C]`; the vectors: `[C]`.
    @inline(__always)
    static func channelMoments(
        _ x: ElementPointer, rows: Int, channels: Int, shift: UnsafePointer<Float>, sums: Doubles, squares: Doubles
    ) {
        concord_channel_moments(x.base, x.isBFloat16, rows, channels, shift, sums, squares)
    }

    /// `(x - mean) * scale + bias (+ residual)`, rectified where asked.
    /// - Parameter streams: writes past the caches, see `Streaming`.
    @inline(__always)
    static func channelNormalize(
        _ y: ElementPointer, _ x: ElementPointer, residual: ElementPointer?, rows: Int, channels: Int,
        mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, bias: UnsafePointer<Float>, rectifies: Bool,
        streams: Bool
    ) {
        concord_channel_normalize(
            y.base, x.base, residual?.base, x.isBFloat16, rows, channels, mean, scale, bias, rectifies, streams)
    }

    /// Adds each channel's sum of g to `sums` and of `g (x - mean)` to `products`; g is `upstream`, 0 where `output` is
    /// given and not positive, and is written to `masked` if given.
    @inline(__always)
    static func channelGradientSums(
        _ upstream: ElementPointer, _ x: ElementPointer, output: ElementPointer?, masked: ElementPointer?, rows: Int,
        channels: Int, mean: UnsafePointer<Float>, sums: Doubles, products: Doubles, streams: Bool
    ) {
        concord_channel_gradient_sums(
            upstream.base, x.base, output?.base, masked?.base, x.isBFloat16, rows, channels, mean, sums, products,
            streams)
    }

    /// The same with g 0 where `(x - mean) * scale + bias` is not positive.
    @inline(__always)
    static func channelGradientSumsRectified(
        _ upstream: ElementPointer, _ x: ElementPointer, rows: Int, channels: Int, mean: UnsafePointer<Float>,
        scale: UnsafePointer<Float>, bias: UnsafePointer<Float>, sums: Doubles, products: Doubles
    ) {
        concord_channel_gradient_sums_rectified(
            upstream.base, x.base, x.isBFloat16, rows, channels, mean, scale, bias, sums, products)
    }

    /// `scale * g - constant - (x - mean) * slope`.
    /// - Parameter rectifyingBias: where given, g is 0 where `(x - mean) * scale + bias` is not positive.
    @inline(__always)
    static func channelGradient(
        _ dx: ElementPointer, _ upstream: ElementPointer, _ x: ElementPointer, rows: Int, channels: Int,
        mean: UnsafePointer<Float>, scale: UnsafePointer<Float>, rectifyingBias bias: UnsafePointer<Float>?,
        constant: UnsafePointer<Float>, slope: UnsafePointer<Float>, streams: Bool
    ) {
        if let bias {
            concord_channel_gradient_rectified(
                dx.base, upstream.base, x.base, x.isBFloat16, rows, channels, mean, scale, bias, constant, slope,
                streams)
        } else {
            concord_channel_gradient(
                dx.base, upstream.base, x.base, x.isBFloat16, rows, channels, mean, scale, constant, slope, streams)
        }
    }

    /// `output = output (+ bias) (+ residual)`, rectified where asked, in place, in parallel.
    /// - Parameters: output: `[..., C]`; residual: the same; bias: `[C]`, float32.
    static func addBiasAndResidual(_ output: Tensor, bias: Tensor?, residual: Tensor?, rectifies: Bool) {
        guard let channels = output.shape.last, channels > 0 else { return }
        let y = output.elementPointer, b = bias?.float32Pointer, r = residual?.elementPointer
        Parallel.run(output.count / channels, grain: max(1, Elementwise.grain / channels)) { rows in
            let at = rows.lowerBound * channels
            concord_channel_finish(
                (y + at).base, b, r.map { ($0 + at).base }, y.isBFloat16, rows.count, channels, rectifies)
        }
    }
}

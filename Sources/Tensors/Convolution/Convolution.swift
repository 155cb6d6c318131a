extension Tensor {
    /// Two-dimensional convolution (cross-correlation, as the field's).
    ///
    /// Large 3x3 ones of stride 1 go by Winograd's method. In float32 their errors are two to four times a direct
    /// convolution's, relative to the largest number of a tile of 6x6 inputs; in bfloat16, where the processor has
    /// AVX512-BF16 and no AMX, up to 1.9 times, of a tile of 4x4. Over all of a tile spreads a number that is not
    /// finite.
    ///
    /// - Parameters:
    ///   - weight: `[filters, C / groups, kH, kW]`, PyTorch's layout; `self` is `[N, H, W, C]`.
    ///   - bias: `[filters]`.
    ///   - padding: zeros on each of the four sides.
    ///   - dilation: distance of neighboring taps; 1 is dense.
    /// - Returns: `[N, H', W', filters]`, bfloat16 under that precision, with `H' = floor((H + 2 padding - dilation (kH
    ///   - 1) - 1) / stride) + 1`.
    public func convolved2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
    ) -> Tensor {
        convolved2d(
            weight: weight, bias: bias, stride: (stride, stride), padding: (padding, padding),
            dilation: (dilation, dilation),
            groups: groups)
    }

    /// The same with separate sizes for rows and columns, `(height, width)`.
    public func convolved2d(
        weight: Tensor, bias: Tensor? = nil, stride: (Int, Int), padding: (Int, Int) = (0, 0),
        dilation: (Int, Int) = (1, 1),
        groups: Int = 1
    ) -> Tensor {
        ShapeCheck.rank(self, 4, "[N, H, W, C]", in: "convolved2d")
        ShapeCheck.rank(weight, 4, "[filters, C / groups, kH, kW]", in: "convolved2d")
        let geometry = ConvolutionGeometry(
            input: shape, weight: weight.shape, bias: bias?.shape, stride: .init(stride), padding: .init(padding),
            dilation: .init(dilation),
            groups: groups, in: "convolved2d")
        return convolved(
            weight, bias, geometry, shape: [geometry.batch, geometry.outHeight, geometry.outWidth, geometry.filters])
    }

    /// One-dimensional convolution over sequences.
    ///
    /// - Parameters:
    ///   - weight: `[filters, C / groups, k]`, PyTorch's layout; `self` is `[N, T, C]`.
    ///   - padding: zeros before and after.
    /// - Returns: `[N, T', filters]` with `T' = floor((T + 2 padding - dilation (k - 1) - 1) / stride) + 1`.
    public func convolved1d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
    ) -> Tensor {
        ShapeCheck.rank(self, 3, "[N, T, C]", in: "convolved1d")
        ShapeCheck.rank(weight, 3, "[filters, C / groups, k]", in: "convolved1d")
        let geometry = ConvolutionGeometry(
            input: [shape[0], 1, shape[1], shape[2]], weight: [weight.shape[0], weight.shape[1], 1, weight.shape[2]],
            bias: bias?.shape,
            stride: .init(1, stride), padding: .init(0, padding), dilation: .init(1, dilation), groups: groups,
            in: "convolved1d")
        return convolved(weight, bias, geometry, shape: [geometry.batch, geometry.outWidth, geometry.filters])
    }

    private func convolved(_ weight: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry, shape: [Int]) -> Tensor {
        let isBFloat16 = Precision.isBFloat16(for: self), given = isBFloat16 ? asBFloat16 : self
        let input = SavedForBackward(given), kernel = weight.detached, inputShape = self.shape
        let output = Tensor(uninitialized: shape, isBFloat16 ? .bfloat16 : .float32)
        Convolutions.forward(given.detached, kernel, bias?.detached, geometry, into: output)
        return output.recorded(fromGiven: [self, weight, bias]) { upstream, needs in
            // The weights' first: an input that is computed again for them is gone before its own gradient comes.
            let dw =
                needs[1] || needs[2]
                ? Convolutions.weightGradient(
                    input.value, upstream, geometry, shape: kernel.shape, hasBias: needs[2]) : nil
            let dx = needs[0] ? Convolutions.inputGradient(upstream, kernel, geometry, shape: inputShape) : nil
            return [dx, dw?.weight, dw?.bias]
        }
    }
}

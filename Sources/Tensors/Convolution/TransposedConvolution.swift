extension Tensor {
    /// Two-dimensional transposed convolution: the input gradient of `convolved2d` with the same weights, as
    /// `F.conv_transpose2d`.
    ///
    ///     y[n, h s - p + i d, w s - p + j d, f] += x[n, h, w, c] weight[c, f, i, j]
    ///
    /// ```swift
    /// let doubled = maps.transposedConvolved2d(weight: w, stride: 2, padding: 1)      // 4x4: [N, 2H, 2W, filters]
    /// ```
    /// - Parameters:
    ///   - weight: `[C, filters / groups, kH, kW]`, PyTorch's layout; `self` is `[N, H, W, C]`.
    ///   - bias: `[filters]`.
    ///   - padding: rows and columns that are cut off on each of the four sides.
    ///   - outputPadding: rows and columns more at the bottom and right, below the stride or the dilation.
    ///   - dilation: distance of neighboring taps; 1 is dense.
    /// - Returns: `[N, H', W', filters]`, bfloat16 under that precision, with `H' = (H - 1) stride - 2 padding +
    ///   dilation (kH - 1) + outputPadding + 1`.
    /// - Source: Dumoulin, Visin 2016, arXiv:1603.07285, section 4; Zeiler et al. 2010, "Deconvolutional networks".
    public func transposedConvolved2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        dilation: Int = 1, groups: Int = 1
    ) -> Tensor {
        let operation = "transposedConvolved2d"
        ShapeCheck.rank(self, 4, "[N, H, W, C]", in: operation)
        ShapeCheck.rank(weight, 4, "[C, filters / groups, kH, kW]", in: operation)
        ShapeCheck.require(
            outputPadding >= 0 && outputPadding < Swift.max(stride, dilation), operation,
            "output padding \(outputPadding) is not below stride \(stride) or dilation \(dilation)")
        func size(_ input: Int, kernel: Int) -> Int {
            (input - 1) * stride - 2 * padding + dilation * (kernel - 1) + outputPadding + 1
        }
        let filters = weight.shape[1] * groups
        let shape = [
            self.shape[0], size(self.shape[1], kernel: weight.shape[2]),
            size(self.shape[2], kernel: weight.shape[3]), filters,
        ]
        ShapeCheck.require(
            shape[1] > 0 && shape[2] > 0 && weight.shape[0] == self.shape[3], operation,
            "input \(self.shape) with weights \(weight.shape) and padding \(padding): weights are [channels, …]")
        ShapeCheck.require(
            bias == nil || bias?.shape == [filters], operation, "bias \(bias?.shape ?? []) for \(filters) filters")
        // The convolution whose input is this one's output.
        let geometry = ConvolutionGeometry(
            input: shape, weight: weight.shape, bias: nil, stride: .init(stride, stride),
            padding: .init(padding, padding), dilation: .init(dilation, dilation), groups: groups, in: operation)
        return transposedConvolved(weight, bias, geometry, shape: shape)
    }

    private func transposedConvolved(
        _ weight: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry, shape: [Int]
    ) -> Tensor {
        let isBFloat16 = Precision.isBFloat16(for: self), given = isBFloat16 ? asBFloat16 : self
        let input = SavedForBackward(given), kernel = weight.detached, inputShape = self.shape
        let output = Convolutions.inputGradient(given.detached, kernel, geometry, shape: shape)
        if let bias, output.count > 0 {
            Kernels.addBiasAndResidual(output, bias: bias.detached, residual: nil, rectifies: false)
        }
        return output.recorded(fromGiven: [self, weight, bias], name: "transposedConvolved2d") { upstream, needs in
            var dx: Tensor?
            if needs[0] {
                let gradient = Tensor(uninitialized: inputShape, upstream.elementType)
                Convolutions.forward(upstream, kernel, nil, geometry, into: gradient)
                dx = gradient
            }
            let dw =
                needs[1]
                ? Convolutions.weightGradient(upstream, input.value, geometry, shape: kernel.shape, hasBias: false)
                    .weight : nil
            return [dx, dw, needs[2] ? Rows.sum(upstream) : nil]
        }
    }
}

/// A batch normalization with given statistics: a scale and a shift of each channel, which can be folded into the
/// convolution before it.
package struct ChannelNormalization {
    /// `[C]` each.
    let weight, bias, mean, variance: Tensor
    let epsilon: Float

    package init(weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, epsilon: Float) {
        (self.weight, self.bias, self.mean, self.variance) = (
            weight.detached, bias.detached, mean.detached, variance.detached
        )
        self.epsilon = epsilon
    }

    private func scale(_ channel: Int) -> Double {
        Double(weight.float32Pointer[channel])
            / (Double(variance.float32Pointer[channel]) + Double(epsilon)).squareRoot()
    }

    /// A convolution's weights and biases with this folded in, made once for each version of all of them.
    fileprivate func folded(into kernel: Tensor, _ kernelBias: Tensor?) -> (weight: Tensor, bias: Tensor) {
        let sources = [weight, bias, mean, variance] + (kernelBias.map { [$0] } ?? [])
        let filters = kernel.shape[0], size = kernel.count / max(1, filters)
        let folded = PackedWeights.shared(kernel, .folded(epsilon: epsilon), with: sources) {
            let folded = Storage(bytes: kernel.storage.bytes)
            let (to, from) = (folded.float32Pointer, kernel.float32Pointer)
            Parallel.run(filters, grain: max(1, Elementwise.grain / max(1, size))) { filters in
                for filter in filters {
                    let factor = Float(scale(filter))
                    for i in filter * size..<(filter + 1) * size { to[i] = from[i] * factor }
                }
            }
            return folded
        }
        let shift = PackedWeights.shared(kernel, .foldedBias(epsilon: epsilon), with: sources) {
            let shift = Storage(bytes: filters * 4)
            for filter in 0..<filters {
                let carried = Double(kernelBias?.float32Pointer[filter] ?? 0) - Double(mean.float32Pointer[filter])
                shift.float32Pointer[filter] = Float(Double(bias.float32Pointer[filter]) + carried * scale(filter))
            }
            return shift
        }
        return (
            Tensor(shape: kernel.shape, elementType: .float32, storage: folded),
            Tensor(shape: [filters], elementType: .float32, storage: shift)
        )
    }
}

extension Tensor {
    /// A convolution, a batch normalization with given statistics and what follows it, in one pass: for inference,
    /// nothing is recorded.
    ///
    ///     activation(x * (s W) + (b - mean) s + bias + residual),     s = weight / sqrt(variance + epsilon)
    ///
    /// - Parameters:
    ///   - weight: `[filters, C / groups, kH, kW]`; bias: `[filters]`; `self` is `[N, H, W, C]`.
    ///   - residual: of the output's shape, added before the activation.
    package func convolved2d(
        weight: Tensor, bias: Tensor?, stride: Int, padding: Int, dilation: Int, groups: Int,
        normalization: ChannelNormalization,
        activation: FusedActivation?, residual: Tensor?
    ) -> Tensor {
        ShapeCheck.rank(self, 4, "[N, H, W, C]", in: "convolved2d")
        let geometry = ConvolutionGeometry(
            input: shape, weight: weight.shape, bias: bias?.shape, stride: .init(stride, stride),
            padding: .init(padding, padding),
            dilation: .init(dilation, dilation), groups: groups, in: "convolved2d")
        return convolved(
            weight, bias, geometry, shape: [geometry.batch, geometry.outHeight, geometry.outWidth, geometry.filters],
            normalization,
            activation, residual)
    }

    /// The same along one axis: weight `[filters, C / groups, k]`; `self` is `[N, T, C]`.
    package func convolved1d(
        weight: Tensor, bias: Tensor?, stride: Int, padding: Int, dilation: Int, groups: Int,
        normalization: ChannelNormalization,
        activation: FusedActivation?, residual: Tensor?
    ) -> Tensor {
        ShapeCheck.rank(self, 3, "[N, T, C]", in: "convolved1d")
        let geometry = ConvolutionGeometry(
            input: [shape[0], 1, shape[1], shape[2]], weight: [weight.shape[0], weight.shape[1], 1, weight.shape[2]],
            bias: bias?.shape,
            stride: .init(1, stride), padding: .init(0, padding), dilation: .init(1, dilation), groups: groups,
            in: "convolved1d")
        return convolved(
            weight, bias, geometry, shape: [geometry.batch, geometry.outWidth, geometry.filters], normalization,
            activation, residual)
    }

    private func convolved(
        _ weight: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry, shape: [Int],
        _ normalization: ChannelNormalization,
        _ activation: FusedActivation?, _ residual: Tensor?
    ) -> Tensor {
        let type = Precision.isBFloat16(for: self) ? ElementType.bfloat16 : .float32
        let input = detached.cast(to: type), output = Tensor(uninitialized: shape, type)
        ShapeCheck.lastAxis(of: output, matches: normalization.mean, in: "convolution with batch normalization")
        if let residual { ShapeCheck.same(output, residual, in: "convolution with batch normalization") }
        let (weight, bias) = normalization.folded(into: weight.detached, bias?.detached)
        Convolutions.forward(
            input, weight, bias, geometry,
            ConvolutionEpilogue(residual: residual?.detached.cast(to: type), rectifies: activation == .relu),
            into: output)
        return output
    }
}

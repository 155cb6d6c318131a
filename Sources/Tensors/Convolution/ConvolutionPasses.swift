import CBridges

/// Convolutions over `[N, H, W, C]` activations as they lie, each pass in the way that is faster for its sizes; weights
/// are packed on the way. bfloat16 activations have ways of their own; the weights' gradient is float32.
enum Convolution {
    /// - Parameter epilogue: nil in training.
    static func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry,
        _ epilogue: ConvolutionEpilogue? = nil,
        into output: Tensor
    ) {
        guard output.count > 0 else { return }
        if StridedPointwise.suit(geometry) {
            return forward(
                StridedPointwise.seen(input, geometry), weight, bias, StridedPointwise.dense(geometry), epilogue,
                into: output)
        }
        let isBFloat16 = input.elementType == .bfloat16
        if !isBFloat16, epilogue == nil, PointwiseProducts.suit(geometry) {
            return PointwiseProducts.forward(input, weight, bias, geometry, into: output)
        }
        if !isBFloat16, let winograd = Winograd(geometry, .forward, hasBias: bias != nil) {
            winograd.forward(input, weight, bias, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        if !isBFloat16, bias == nil || epilogue != nil, ConvolutionProducts.suitOutputs(of: geometry) {
            ConvolutionProducts.forward(input, weight, geometry, into: output)
            epilogue?.finish(output, bias: bias)
            return
        }
        if !isBFloat16, StripProducts.suit(geometry) {
            StripProducts.forward(input, weight, bias, geometry, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        if isBFloat16, UnfoldedProducts.suitOutputs(of: geometry) {
            UnfoldedProducts.forward(input, weight, bias, geometry, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        let primitive = OneDNNConvolution.cached(
            geometry, .forward, hasBias: bias != nil, isBFloat16: isBFloat16, epilogue)
        let packed = primitive.packed(weight)
        if primitive.isFused { epilogue?.prepare(output) }
        primitive.run(input: input.storage.base, weights: packed, bias: bias?.storage, output: output.storage.base)
        if !primitive.isFused { epilogue?.finish(output, bias: nil) }
    }

    /// The input's gradient from the output's.
    static func inputGradient(
        _ upstream: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry, shape: [Int]
    ) -> Tensor {
        if StridedPointwise.suit(geometry) {
            let dense = StridedPointwise.dense(geometry)
            let gradient = inputGradient(
                upstream, weight, dense, shape: [dense.batch, dense.height, dense.width, dense.channels])
            return StridedPointwise.spread(gradient, geometry, shape: shape)
        }
        let isBFloat16 = upstream.elementType == .bfloat16
        if !isBFloat16, PointwiseProducts.suit(geometry) {
            return PointwiseProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if !isBFloat16, let winograd = Winograd(geometry, .backwardData) {
            return winograd.inputGradient(upstream, weight, shape: shape)
        }
        if !isBFloat16, ConvolutionProducts.suitInputs(of: geometry) {
            return ConvolutionProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if !isBFloat16, StripProducts.suit(geometry) {
            return StripProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if isBFloat16, UnfoldedProducts.suitInputs(of: geometry) {
            return UnfoldedProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        let gradient = Tensor(uninitialized: shape, upstream.elementType)
        guard gradient.count > 0 else { return gradient }
        let primitive = OneDNNConvolution.cached(geometry, .backwardData, hasBias: false, isBFloat16: isBFloat16)
        let packed = primitive.packed(weight)
        primitive.run(input: gradient.storage.base, weights: packed, bias: nil, output: upstream.storage.base)
        return gradient
    }

    /// The weights' gradient and, where wanted, the bias's.
    static func weightGradient(
        _ input: Tensor, _ upstream: Tensor, _ geometry: ConvolutionGeometry, shape: [Int], hasBias: Bool
    ) -> (weight: Tensor, bias: Tensor?) {
        guard input.count > 0 else { return (Tensor(zeros: shape), hasBias ? Tensor(zeros: [geometry.filters]) : nil) }
        if StridedPointwise.suit(geometry) {
            return weightGradient(
                StridedPointwise.seen(input, geometry), upstream, StridedPointwise.dense(geometry), shape: shape,
                hasBias: hasBias)
        }
        let biasGradient = { hasBias ? Rows.sum(upstream) : nil }
        let isBFloat16 = upstream.elementType == .bfloat16
        if !isBFloat16, PointwiseProducts.suit(geometry) {
            return (PointwiseProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isBFloat16, let winograd = Winograd(geometry, .backwardWeights) {
            return (winograd.weightGradient(input, upstream, shape: shape), biasGradient())
        }
        if ThinWindows.suit(geometry) {
            let (weight, bias) = ThinWindows.weightGradient(input.asFloat32, upstream.asFloat32, geometry, shape: shape)
            return (weight, hasBias ? bias : nil)
        }
        if isBFloat16, UnfoldedProducts.suitWeights(of: geometry) {
            return (UnfoldedProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isBFloat16, ConvolutionProducts.suitOutputs(of: geometry) {
            return (ConvolutionProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isBFloat16, StripProducts.suit(geometry) {
            return (StripProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        let primitive = OneDNNConvolution.cached(geometry, .backwardWeights, hasBias: hasBias, isBFloat16: isBFloat16)
        let gradient = primitive.emptyGradient(shape: shape),
            bias = hasBias ? Tensor(uninitialized: [geometry.filters]) : nil
        primitive.run(
            input: input.storage.base, weights: gradient.storage, bias: bias?.storage, output: upstream.storage.base)
        return (primitive.unpacked(gradient, as: shape), bias)
    }
}

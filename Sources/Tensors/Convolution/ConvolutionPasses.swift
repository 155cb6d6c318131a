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
        let isNarrow = input.elementType == .bfloat16
        if !isNarrow, epilogue == nil, PointwiseProducts.suit(geometry) {
            return PointwiseProducts.forward(input, weight, bias, geometry, into: output)
        }
        if !isNarrow, let winograd = Winograd(geometry, .forward, hasBias: bias != nil) {
            winograd.forward(input, weight, bias, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        if !isNarrow, bias == nil || epilogue != nil, ConvolutionProducts.suitOutputs(of: geometry) {
            ConvolutionProducts.forward(input, weight, geometry, into: output)
            epilogue?.finish(output, bias: bias)
            return
        }
        if !isNarrow, StripProducts.suit(geometry) {
            StripProducts.forward(input, weight, bias, geometry, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        if isNarrow, UnfoldedProducts.suitOutputs(of: geometry) {
            UnfoldedProducts.forward(input, weight, bias, geometry, into: output)
            epilogue?.finish(output, bias: nil)
            return
        }
        let primitive = OneDNNConvolution.cached(geometry, .forward, hasBias: bias != nil, isNarrow: isNarrow, epilogue)
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
        let isNarrow = upstream.elementType == .bfloat16
        if !isNarrow, PointwiseProducts.suit(geometry) {
            return PointwiseProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if !isNarrow, let winograd = Winograd(geometry, .backwardData) {
            return winograd.inputGradient(upstream, weight, shape: shape)
        }
        if !isNarrow, ConvolutionProducts.suitInputs(of: geometry) {
            return ConvolutionProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if !isNarrow, StripProducts.suit(geometry) {
            return StripProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        if isNarrow, UnfoldedProducts.suitInputs(of: geometry) {
            return UnfoldedProducts.inputGradient(upstream, weight, geometry, shape: shape)
        }
        let gradient = Tensor(uninitialized: shape, upstream.elementType)
        guard gradient.count > 0 else { return gradient }
        let primitive = OneDNNConvolution.cached(geometry, .backwardData, hasBias: false, isNarrow: isNarrow)
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
        let isNarrow = upstream.elementType == .bfloat16
        if !isNarrow, PointwiseProducts.suit(geometry) {
            return (PointwiseProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isNarrow, let winograd = Winograd(geometry, .backwardWeights) {
            return (winograd.weightGradient(input, upstream, shape: shape), biasGradient())
        }
        if ThinWindows.suit(geometry) {
            let (weight, bias) = ThinWindows.weightGradient(input.widened, upstream.widened, geometry, shape: shape)
            return (weight, hasBias ? bias : nil)
        }
        if isNarrow, UnfoldedProducts.suitWeights(of: geometry) {
            return (UnfoldedProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isNarrow, ConvolutionProducts.suitOutputs(of: geometry) {
            return (ConvolutionProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        if !isNarrow, StripProducts.suit(geometry) {
            return (StripProducts.weightGradient(input, upstream, geometry, shape: shape), biasGradient())
        }
        let primitive = OneDNNConvolution.cached(geometry, .backwardWeights, hasBias: hasBias, isNarrow: isNarrow)
        let gradient = primitive.emptyGradient(shape: shape),
            bias = hasBias ? Tensor(uninitialized: [geometry.filters]) : nil
        primitive.run(
            input: input.storage.base, weights: gradient.storage, bias: bias?.storage, output: upstream.storage.base)
        return (primitive.unpacked(gradient, as: shape), bias)
    }
}

/// The weights' gradient of a convolution along one axis whose kernel covers few numbers, as the first layer's over
/// samples of sound: one pass over the output's gradient, which is far larger than everything else.
///
/// Measured as for `ImplicitGEMM1D`, 10240 steps of 1 channel, 256 filters, kernel 10, stride 5: oneDNN 12 to 17 ms,
/// this 5.
struct SmallKernelWeightGradient: WeightGradientConvolution {
    private let problem: ConvolutionProblem

    init?(_ problem: ConvolutionProblem) {
        let g = problem.geometry
        guard g.height == 1, g.kernel.height == 1, g.padding.height == 0, g.groups == 1, g.dilation == .init(1, 1)
        else { return nil }
        self.problem = problem
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        return g.channels * g.kernel.width <= 20 && g.filters >= 16
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let g = problem.geometry, padding = g.padding.width
        let width = g.channels * g.kernel.width, filters = g.filters
        let dy = upstream.asFloat32
        let padded = input.asFloat32.viewed(as: [g.batch, g.width, g.channels])
            .padded([(0, 0), (padding, padding), (0, 0)])
        let x = padded.float32Pointer, y = dy.float32Pointer
        let sampleIn = padded.count / g.batch, step = g.stride.width * g.channels
        let total = Rows.summing(g.batch * g.outWidth, width: (width + 1) * filters, sums: 1) { windows, sums in
            var window = windows.lowerBound
            while window < windows.upperBound {
                let sample = window / g.outWidth, place = window % g.outWidth
                let count = min(g.outWidth - place, windows.upperBound - window)
                Kernels.addWindowGradients(
                    weight: sums, bias: sums + width * filters, x + sample * sampleIn + place * step,
                    y + window * filters, windows: count, step: step, width: width, filters: filters)
                window += count
            }
        }[0]
        let sums = total.viewed(as: [width + 1, filters])
        let weight = sums.sliced(0..<width, axis: 0).viewed(as: [g.kernel.width, g.channels, filters])
            .permuted([2, 1, 0]).viewed(as: shape)
        guard problem.hasBias else { return (weight, nil) }
        return (weight, sums.sliced(width..<width + 1, axis: 0).viewed(as: [filters]))
    }
}

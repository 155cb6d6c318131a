import CKernels

/// The weights' gradient of a convolution along one axis whose windows hold few numbers, as the first layer's over
/// samples of sound: one pass over the output's gradient, which is far larger than everything else.
///
/// Measured as for `StripProducts`, 10240 steps of 1 channel, 256 filters, kernel 10, stride 5: oneDNN 12 to 17 ms,
/// this 5.
enum ThinWindows {
    static func suit(_ g: ConvolutionGeometry) -> Bool {
        g.height == 1 && g.kernel.height == 1 && g.padding.height == 0 && g.groups == 1 && g.dilation == .init(1, 1)
            && g.channels * g.kernel.width <= 20 && g.filters >= 16
    }

    static func weightGradient(
        _ input: Tensor, _ upstream: Tensor, _ g: ConvolutionGeometry, shape: [Int]
    ) -> (weight: Tensor, bias: Tensor) {
        let padding = g.padding.width, width = g.channels * g.kernel.width, filters = g.filters
        let padded = input.viewed(as: [g.batch, g.width, g.channels]).padded([(0, 0), (padding, padding), (0, 0)])
        let (x, y) = (padded.float32Pointer, upstream.float32Pointer), sampleIn = padded.count / g.batch,
            step = g.stride.width * g.channels
        let total = Rows.summing(g.batch * g.outWidth, width: (width + 1) * filters, sums: 1) { windows, sums in
            var window = windows.lowerBound
            while window < windows.upperBound {
                let (sample, place) = (window / g.outWidth, window % g.outWidth)
                let count = min(g.outWidth - place, windows.upperBound - window)
                concord_window_gradient(
                    sums, sums + width * filters, x + sample * sampleIn + place * step, y + window * filters, count,
                    step, width, filters)
                window += count
            }
        }[0]
        let sums = total.viewed(as: [width + 1, filters])
        let weight = sums.sliced(0..<width, axis: 0).viewed(as: [g.kernel.width, g.channels, filters]).permuted([
            2, 1, 0,
        ])
        return (weight.viewed(as: shape), sums.sliced(width..<width + 1, axis: 0).viewed(as: [filters]))
    }
}

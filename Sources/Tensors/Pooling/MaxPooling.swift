extension Tensor {
    /// The largest element of each window; of equal ones the first gets the gradient.
    ///
    /// - Parameters:
    ///   - stride: the kernel's size if nil; `self` is `[N, H, W, C]`.
    ///   - padding: on each side, at most half of the kernel; never the largest.
    /// - Returns: `[N, H', W', C]` with `H' = floor((H + 2 padding - kernel) / stride) + 1`.
    public func maxPooled2d(kernel: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
        maxPooled2d(kernel: (kernel, kernel), stride: stride.map { ($0, $0) }, padding: (padding, padding))
    }

    /// The same with sizes for rows and columns apart, `(height, width)`.
    public func maxPooled2d(kernel: (Int, Int), stride: (Int, Int)? = nil, padding: (Int, Int) = (0, 0)) -> Tensor {
        let pooling = Pooling(self, kernel, stride ?? kernel, padding, countsPadding: true, in: "maxPooled2d")
        return maxPooled(
            pooling, shape: [pooling.batch, pooling.rows.outputs, pooling.columns.outputs, pooling.channels])
    }

    /// The same over sequences `[N, T, C]`.
    public func maxPooled1d(kernel: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
        let pooling = Pooling(self, kernel, stride ?? kernel, padding, countsPadding: true, in: "maxPooled1d")
        return maxPooled(pooling, shape: [pooling.batch, pooling.columns.outputs, pooling.channels])
    }

    private func maxPooled(_ pooling: Pooling, shape: [Int]) -> Tensor {
        let (output, places) = pooling.maximum(detached, shape: shape, keepingPlaces: isRecorded)
        guard let places else { return output }
        return output.recorded(from: self) { [shape = self.shape] upstream, _ in
            [pooling.maximumGradient(upstream, places: places, shape: shape)]
        }
    }
}

extension Tensor {
    /// The mean of each window.
    ///
    /// - Parameters:
    ///   - stride: the kernel's size if nil; `self` is `[N, H, W, C]`.
    ///   - padding: zeros on each side, at most half of the kernel.
    ///   - countsPadding: those zeros count, as PyTorch's `count_include_pad`.
    /// - Returns: `[N, H', W', C]` with `H' = floor((H + 2 padding - kernel) / stride) + 1`.
    public func averagePooled2d(kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) -> Tensor
    {
        averagePooled2d(
            kernel: (kernel, kernel), stride: stride.map { ($0, $0) }, padding: (padding, padding),
            countsPadding: countsPadding)
    }

    /// The same with sizes for rows and columns apart, `(height, width)`.
    public func averagePooled2d(
        kernel: (Int, Int), stride: (Int, Int)? = nil, padding: (Int, Int) = (0, 0), countsPadding: Bool = true
    ) -> Tensor {
        let pooling = Pooling(
            self, kernel, stride ?? kernel, padding, countsPadding: countsPadding, in: "averagePooled2d")
        return averagePooled(
            pooling, shape: [pooling.batch, pooling.rows.outputs, pooling.columns.outputs, pooling.channels])
    }

    /// The same over sequences `[N, T, C]`.
    public func averagePooled1d(kernel: Int, stride: Int? = nil, padding: Int = 0, countsPadding: Bool = true) -> Tensor
    {
        let pooling = Pooling(
            self, kernel, stride ?? kernel, padding, countsPadding: countsPadding, in: "averagePooled1d")
        return averagePooled(pooling, shape: [pooling.batch, pooling.columns.outputs, pooling.channels])
    }

    /// Means over a grid of `size` (height, width) bins: bin i of n covers `floor(i H / n) ..< ceil((i + 1) H / n)`,
    /// PyTorch's rule.
    /// - Returns: `[N, size.0, size.1, C]` for `self` `[N, H, W, C]`.
    public func adaptiveAveragePooled2d(to size: (Int, Int)) -> Tensor {
        ShapeCheck.rank(self, 4, "[N, H, W, C]", in: "adaptiveAveragePooled2d")
        let pooling = Pooling(
            batch: shape[0], channels: shape[3],
            rows: PoolingWindows(inputs: shape[1], outputs: size.0, in: "adaptiveAveragePooled2d"),
            columns: PoolingWindows(inputs: shape[2], outputs: size.1, in: "adaptiveAveragePooled2d"))
        return averagePooled(pooling, shape: [shape[0], size.0, size.1, shape[3]])
    }

    /// The same over sequences `[N, T, C]`, giving `[N, size, C]`.
    public func adaptiveAveragePooled1d(to size: Int) -> Tensor {
        ShapeCheck.rank(self, 3, "[N, T, C]", in: "adaptiveAveragePooled1d")
        let pooling = Pooling(
            batch: shape[0], channels: shape[2],
            rows: PoolingWindows(inputs: 1, outputs: 1, in: "adaptiveAveragePooled1d"),
            columns: PoolingWindows(inputs: shape[1], outputs: size, in: "adaptiveAveragePooled1d"))
        return averagePooled(pooling, shape: [shape[0], size, shape[2]])
    }

    /// The mean over all positions: `[N, H, W, C]` or `[N, T, C]` to `[N, C]`.
    public func globalAveragePooled() -> Tensor {
        ShapeCheck.require(
            rank == 3 || rank == 4, "globalAveragePooled", "[N, H, W, C] or [N, T, C] wanted, shape is \(shape)")
        let (height, width) = rank == 4 ? (shape[1], shape[2]) : (1, shape[1])
        let pooling = Pooling(
            batch: shape[0], channels: shape[rank - 1],
            rows: PoolingWindows(inputs: height, outputs: 1, in: "globalAveragePooled"),
            columns: PoolingWindows(inputs: width, outputs: 1, in: "globalAveragePooled"))
        return averagePooled(pooling, shape: [shape[0], shape[rank - 1]])
    }

    private func averagePooled(_ pooling: Pooling, shape: [Int]) -> Tensor {
        let output = pooling.average(detached, shape: shape)
        let recorded = output.recorded(from: self) { [shape = self.shape] upstream, _ in
            [pooling.averageGradient(upstream, shape: shape)]
        }
        // What is stored anyway is as good as the output; an input that is not would be larger.
        guard rematerialization != nil else { return recorded }
        let input = SavedForBackward(self)
        return recorded.rematerialized(
            as: SavedForBackward(output, from: input) { pooling.average(input.value, shape: shape) })
    }
}

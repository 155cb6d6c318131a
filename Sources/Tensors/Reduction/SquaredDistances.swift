extension Tensor {
    /// Squared Euclidean distances of rows: `[N, D]` to `[M, D]` gives `[N, M]`, never below 0.
    ///
    /// By products of the rows, `|a|^2 + |b|^2 - 2 a b`, so that rounding is that of the lengths and not of the
    /// distance.
    public func squaredDistances(to other: Tensor) -> Tensor {
        ShapeCheck.require(
            rank == 2 && other.rank == 2 && shape[1] == other.shape[1], "squaredDistances", "\(shape) to \(other.shape)"
        )
        let own = squared().sum(axes: [1], keepingAxes: true), others = other.squared().sum(axis: 1)
        return (own + others - matmul(other, transposing: .right) * 2).maximum(Tensor(0))
    }
}

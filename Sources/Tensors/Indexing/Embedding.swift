extension Tensor {
    /// Rows of a table `[V, D]`, which this value is, by their int32 numbers: an embedding lookup.
    ///
    /// The table's gradient is kept as the rows that were looked up, not as a `[V, D]` of zeros.
    /// - Parameter ids: any shape, each in `0 ..< V`.
    /// - Returns: `ids.shape + [D]`; bfloat16 under that precision.
    public func rows(at ids: Tensor) -> Tensor {
        ShapeCheck.rank(self, 2, "a table [V, D]", in: "rows(at:)")
        ShapeCheck.indices(ids, below: shape[0], in: "rows(at:)")
        let width = shape[1]
        let output =
            Precision.isBFloat16(for: self) && elementType == .float32
            ? Kernels.gatherAsBFloat16(self, ids) : detached.gathered(at: ids)
        return output.recorded([self]) { [table = shape, ids = ids.detached] upstream, _ in
            let contribution = (indices: ids.reshaped([ids.count]), rows: upstream.reshaped([ids.count, width]))
            return [.rows(RowGradient(shape: table, contributions: [contribution]))]
        }
    }

    /// Rows of zeros with a one at the place that each int32 number names.
    /// - Parameter depth: the size K of the new last axis; every number is in `0 ..< K`.
    /// - Returns: float32, `shape + [K]`.
    public func oneHot(_ depth: Int) -> Tensor {
        ShapeCheck.indices(self, below: depth, in: "oneHot")
        return Kernels.oneHot(self, depth: depth)
    }
}

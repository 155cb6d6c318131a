extension Tensor {
    /// The k rows of a bank whose products with each row are the largest, without a matrix of all products.
    ///
    /// ```swift
    /// let (similarities, rows) = queries.l2Normalized().topKProducts(with: bank.l2Normalized(), k: 200)
    /// ```
    /// - Parameters:
    ///   - bank: `[N, D]`; `self` is `[M, D]`; products are in float32.
    ///   - k: in `0 ... N`.
    /// - Returns: products in descending order, equal ones by their row in the bank, and these rows (int32), both
    ///   `[M, k]`; constants.
    public func topKProducts(with bank: Tensor, k: Int) -> (values: Tensor, indices: Tensor) {
        ShapeCheck.require(
            rank == 2 && bank.rank == 2 && shape[1] == bank.shape[1], "topKProducts", "\(shape) with \(bank.shape)")
        ShapeCheck.require((0...bank.shape[0]).contains(k), "topKProducts", "\(k) of \(bank.shape[0]) rows")
        let values = Tensor(uninitialized: [shape[0], k]), indices = Tensor(uninitialized: [shape[0], k], .int32)
        guard k > 0 else { return (values, indices) }
        let queries = detached.asFloat32, bank = bank.detached.asFloat32
        let count = shape[0], others = bank.shape[0]
        let x = queries.float32Pointer, y = bank.float32Pointer
        let v = values.float32Pointer, places = indices.int32Pointer
        // The products of a block, at most 16 MiB, are computed by all threads; then each thread searches its own rows.
        let rows = Swift.max(1, Swift.min(count, 4096)), columns = Swift.max(1, Swift.min(others, 1024))
        let products = Tensor(uninitialized: [rows, columns])
        let z = products.float32Pointer
        for first in stride(from: 0, to: count, by: rows) {
            let own = Swift.min(rows, count - first), best = TopKRows(rows: own, k: k)
            for start in stride(from: 0, to: others, by: columns) {
                let width = Swift.min(columns, others - start)
                GEMM.multiply(
                    m: own, n: width, k: shape[1], x + first * shape[1], y + start * shape[1], transposeB: true, into: z)
                Parallel.run(own, grain: Rows.grain(width)) { range in
                    for row in range { best.add(z + row * width, count: width, first: start, toRow: row) }
                }
            }
            Parallel.run(own, grain: Rows.grain(2 * k)) { range in
                for row in range {
                    best.finish(row: row, values: v + (first + row) * k, indices: places + (first + row) * k)
                }
            }
        }
        return (values, indices)
    }
}

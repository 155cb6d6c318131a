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
        let count = shape[0], others = bank.shape[0], width = shape[1]
        let x = queries.float32Pointer, y = bank.float32Pointer
        let v = values.float32Pointer, places = indices.int32Pointer
        // Products of a tile of queries and a tile of the bank stay in the second-level cache.
        let tile = 512, rows = Swift.max(1, Swift.min(tile, (count + Threads.count - 1) / Threads.count))
        Parallel.runDynamically((count + rows - 1) / rows) { chunk in
            let first = chunk * rows, own = Swift.min(rows, count - first)
            let products = Tensor(uninitialized: [own, tile]), best = TopKRows(rows: own, k: k)
            let z = products.float32Pointer
            for start in stride(from: 0, to: others, by: tile) {
                let columns = Swift.min(tile, others - start)
                GEMM.serial(
                    own, columns, width, 1, x + first * width, width, false, y + start * width, width, true, 0, z, tile)
                for row in 0..<own { best.add(z + row * tile, count: columns, first: start, toRow: row) }
            }
            for row in 0..<own {
                best.finish(row: row, values: v + (first + row) * k, indices: places + (first + row) * k)
            }
        }
        return (values, indices)
    }
}

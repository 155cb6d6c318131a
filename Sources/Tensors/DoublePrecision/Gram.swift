extension Tensor {
    /// The products of the columns of this matrix with each other, `sum over n of weights[n] x_n x_nᵀ`: products of
    /// some hundred rows in float32, added up in double precision.
    /// - Parameters:
    ///   - weights: one of each row; 1 where left out.
    ///   - step: every so many rows only.
    /// - Returns: `[D, D]` by rows; `self` is `[N, D]`, float32.
    package func gram(weights: [Float]? = nil, step: Int = 1) -> [Double] {
        ShapeCheck.rank(self, 2, "[N, D]", in: "gram")
        ShapeCheck.require(
            (weights?.count ?? shape[0]) == shape[0], "gram", "\(shape) with \(weights?.count ?? 0) weights")
        let rows = (shape[0] + step - 1) / step, width = shape[1], size = width * width, block = 512
        let threads = Swift.max(1, Swift.min(Threads.count, rows / block)), x = float32Pointer
        var sums = [Double](repeating: 0, count: threads * size)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            Parallel.run(threads) { range in
                let products = Tensor(uninitialized: [width, width]), scaled = Tensor(uninitialized: [block, width])
                for thread in range {
                    let end = rows * (thread + 1) / threads
                    for first in stride(from: rows * thread / threads, to: end, by: block) {
                        let count = Swift.min(block, end - first), a = x + first * step * width
                        var b = UnsafePointer(a), ldb = step * width
                        if let weights {
                            for n in 0..<count {
                                let weight = weights[(first + n) * step], to = scaled.float32Pointer + n * width
                                for d in 0..<width { to[d] = weight * a[n * step * width + d] }
                            }
                            (b, ldb) = (UnsafePointer(scaled.float32Pointer), width)
                        }
                        GEMM.serial(
                            width, width, count, 1, a, step * width, true, b, ldb, false, 0, products.float32Pointer,
                            width)
                        DoubleVectors.add(floats: products.float32Pointer, to: sums + thread * size, size)
                    }
                }
            }
            for thread in 1..<Swift.max(threads, 1) { DoubleVectors.add(sums + thread * size, to: sums, size) }
        }
        return Array(sums[..<size])
    }
}

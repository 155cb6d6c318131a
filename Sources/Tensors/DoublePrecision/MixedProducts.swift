/// Products of a float32 matrix `[N, D]` with vectors, each in double precision.
extension Tensor {
    /// `X v`, N numbers.
    package func products(with vector: [Double]) -> [Double] {
        ShapeCheck.require(rank == 2 && vector.count == shape[1], "products(with:)", "\(shape) with \(vector.count)")
        let width = shape[1], x = float32Pointer
        var result = [Double](repeating: 0, count: shape[0])
        result.withUnsafeMutableBufferPointer { result in
            vector.withUnsafeBufferPointer { vector in
                guard let to = result.baseAddress, let v = vector.baseAddress else { return }
                Parallel.run(shape[0], grain: Rows.grain(width)) { rows in
                    for n in rows { to[n] = DoubleVectors.dot(floats: x + n * width, v, width) }
                }
            }
        }
        return result
    }

    /// `Xᵀ weights`, D numbers.
    package func columnSums(weights: [Double]) -> [Double] {
        ShapeCheck.require(rank == 2 && weights.count == shape[0], "columnSums", "\(shape) with \(weights.count)")
        let count = shape[0], width = shape[1], x = float32Pointer
        let threads = Swift.max(1, Swift.min(Threads.count, count / Rows.grain(width)))
        var sums = [Double](repeating: 0, count: threads * width)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let sums = sums.baseAddress else { return }
            Parallel.run(threads) { range in
                for thread in range {
                    for n in count * thread / threads..<count * (thread + 1) / threads {
                        DoubleVectors.add(
                            floats: x + n * width, times: weights[n], to: sums + thread * width, width)
                    }
                }
            }
            for thread in 1..<Swift.max(1, threads) { DoubleVectors.add(sums + thread * width, to: sums, width) }
        }
        return Array(sums[..<width])
    }
}

extension Kernels {
    /// Means of columns and sums of squared distances from them in double precision, on this thread.
    /// - Parameters: x: `[rows, columns]`; the vectors: `[columns]`, written.
    static func columnMoments(
        _ x: UnsafePointer<Float>, rows: Int, columns: Int, means: Doubles, squares: Doubles
    ) {
        means.update(repeating: 0, count: columns)
        squares.update(repeating: 0, count: columns)
        for n in 0..<rows { for d in 0..<columns { means[d] += Double(x[n * columns + d]) } }
        for d in 0..<columns { means[d] /= Double(rows) }
        for n in 0..<rows {
            for d in 0..<columns {
                let distance = Double(x[n * columns + d]) - means[d]
                squares[d] += distance * distance
            }
        }
    }
}

extension Tensor {
    /// The mean and the biased variance of each column of `[N, D]`, float32, in double precision.
    package func columnMoments() -> (mean: [Double], variance: [Double]) {
        ShapeCheck.rank(self, 2, "[N, D]", in: "columnMoments")
        let rows = shape[0], columns = shape[1], x = float32Pointer
        var mean = [Double](repeating: 0, count: columns), squares = mean
        mean.withUnsafeMutableBufferPointer { mean in
            squares.withUnsafeMutableBufferPointer { squares in
                guard let means = mean.baseAddress, let squares = squares.baseAddress else { return }
                Kernels.columnMoments(x, rows: rows, columns: columns, means: means, squares: squares)
            }
        }
        return (mean, squares.map { $0 / Double(rows) })
    }

    /// `(x - mean) / std` for each column of `[N, D]`, float32, computed in double precision; a constant.
    /// - Parameters: mean, std: D numbers each; std: none of them 0.
    package func standardized(mean: [Double], std: [Double]) -> Tensor {
        ShapeCheck.require(
            rank == 2 && mean.count == shape[1] && std.count == shape[1], "standardized",
            "\(shape) with \(mean.count) means and \(std.count) standard deviations")
        let columns = shape[1], output = Tensor(uninitialized: shape), from = float32Pointer
        let to = output.float32Pointer
        Parallel.run(shape[0], grain: Rows.grain(columns)) { rows in
            for n in rows {
                for d in 0..<columns {
                    to[n * columns + d] = Float((Double(from[n * columns + d]) - mean[d]) / std[d])
                }
            }
        }
        return output
    }
}

import COpenBLAS

extension Kernels {
    /// `g += x^T x` in double precision, in parallel.
    /// - Parameters: x: `[rows, columns]`; g: `[columns, columns]`.
    static func addGram(_ x: UnsafePointer<Double>, rows: Int, columns: Int, to g: UnsafeMutablePointer<Double>) {
        let tile = 16, tiles = (columns + tile - 1) / tile
        Parallel.run(tiles, grain: max(1, 200_000 / (tile * rows * columns))) { range in
            let first = range.lowerBound * tile, last = min(columns, range.upperBound * tile)
            OpenBLASBuffers.prepare(for: Threads.count)
            cblas_dgemm(
                CblasRowMajor, CblasTrans, CblasNoTrans, blasint(last - first), blasint(columns), blasint(rows), 1,
                x + first, blasint(columns), x, blasint(columns), 1, g + first * columns, blasint(columns))
        }
    }
}

extension Tensor {
    /// The products of all pairs of columns of `[N, D]`, float32, in double precision: `x^T x`, D by D, row-major.
    package func gramMatrix() -> [Double] {
        ShapeCheck.rank(self, 2, "[N, D]", in: "gramMatrix")
        let rows = shape[0], columns = shape[1], block = 1024
        let from = float32Pointer
        var gram = [Double](repeating: 0, count: columns * columns)
        var staged = [Double](repeating: 0, count: min(block, rows) * columns)
        gram.withUnsafeMutableBufferPointer { gram in
            staged.withUnsafeMutableBufferPointer { staged in
                guard let gram = gram.baseAddress, let staged = staged.baseAddress else { return }
                for first in stride(from: 0, to: rows, by: block) {
                    let count = min(block, rows - first) * columns
                    for i in 0..<count { staged[i] = Double(from[first * columns + i]) }
                    Kernels.addGram(staged, rows: min(block, rows - first), columns: columns, to: gram)
                }
            }
        }
        return gram
    }
}

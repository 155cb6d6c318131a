/// The factor L of a symmetric positive definite matrix `A = L Lᵀ`, in double precision.
package struct Cholesky: Sendable {
    /// Rows and columns n of the matrix.
    package let size: Int
    /// L by rows, `[n, n]`; above its diagonal zeros.
    package let lower: [Double]

    /// - Parameter matrix: A by rows, `[n, n]`; what is above its diagonal is not read.
    /// - Returns: nil where A is not positive definite to rounding.
    package init?(_ matrix: [Double], size: Int) {
        ShapeCheck.require(matrix.count == size * size, "Cholesky", "\(matrix.count) numbers of \(size) rows")
        self.size = size
        var lower = [Double](repeating: 0, count: matrix.count)
        let isDefinite = lower.withUnsafeMutableBufferPointer { lower in
            matrix.withUnsafeBufferPointer { matrix in
                guard let l = lower.baseAddress, let a = matrix.baseAddress else { return true }
                return Self.factor(a, size, into: l)
            }
        }
        guard isDefinite else { return nil }
        self.lower = lower
    }

    private static func factor(_ a: UnsafePointer<Double>, _ n: Int, into l: UnsafeMutablePointer<Double>) -> Bool {
        for j in 0..<n {
            let row = l + j * n, square = a[j * n + j] - DoubleVectors.dot(row, row, j)
            // A sum's rounding may leave a positive number of a singular matrix.
            guard square > 1e-14 * a[j * n + j] else { return false }
            let root = square.squareRoot()
            row[j] = root
            Parallel.run(n - j - 1, grain: grain(j)) { range in
                for i in j + 1 + range.lowerBound..<j + 1 + range.upperBound {
                    l[i * n + j] = (a[i * n + j] - DoubleVectors.dot(l + i * n, row, j)) / root
                }
            }
        }
        return true
    }

    /// Inner products of so many numbers worth a thread of their own.
    private static func grain(_ count: Int) -> Int { max(1, 100_000 / max(1, count)) }

    /// `x` becomes `A⁻¹ x`.
    /// - Parameter x: n numbers.
    package func solve(_ x: inout [Double]) {
        ShapeCheck.require(x.count == size, "Cholesky", "\(x.count) numbers for \(size) rows")
        let n = size
        x.withUnsafeMutableBufferPointer { x in
            lower.withUnsafeBufferPointer { lower in
                guard let x = x.baseAddress, let l = lower.baseAddress else { return }
                for i in 0..<n { x[i] = (x[i] - DoubleVectors.dot(l + i * n, x, i)) / l[i * n + i] }
                for i in (0..<n).reversed() {
                    x[i] /= l[i * n + i]
                    DoubleVectors.add(l + i * n, times: -x[i], to: x, i)
                }
            }
        }
    }

    /// `(L⁻¹)ᵀ` by rows, `[n, n]`: column j of the inverse of L is its row j.
    package func inverseOfLower() -> [Double] {
        let n = size
        var inverse = [Double](repeating: 0, count: n * n)
        inverse.withUnsafeMutableBufferPointer { inverse in
            lower.withUnsafeBufferPointer { lower in
                guard let m = inverse.baseAddress, let l = lower.baseAddress else { return }
                Parallel.runDynamically(n, grain: Self.grain(n * n / 3)) { j in
                    let column = m + j * n
                    column[j] = 1 / l[j * n + j]
                    for i in j + 1..<max(n, j + 1) {
                        column[i] = -DoubleVectors.dot(l + i * n + j, column + j, i - j) / l[i * n + i]
                    }
                }
            }
        }
        return inverse
    }
}

/// Eigenvalues of a symmetric matrix, by reduction to a tridiagonal one (Householder) and implicit QL steps.
///
/// - Source: Golub, Van Loan 2013, "Matrix Computations", algorithms 8.3.1 and 8.3.3; Martin, Reinsch, Wilkinson 1968.
enum SymmetricEigenvalues {
    /// - Parameter matrix: n by n, row-major; both triangles filled.
    /// - Returns: n numbers, ascending.
    static func of(_ matrix: [Double], size n: Int) -> [Double] {
        var (diagonal, below) = tridiagonal(matrix, n)
        solve(&diagonal, &below)
        return diagonal.sorted()
    }

    /// The diagonal and, from its second element on, the subdiagonal of a similar tridiagonal matrix.
    private static func tridiagonal(_ matrix: [Double], _ n: Int) -> (diagonal: [Double], below: [Double]) {
        var a = matrix, diagonal = [Double](repeating: 0, count: n), below = diagonal
        var v = diagonal, p = diagonal
        a.withUnsafeMutableBufferPointer { a in
            v.withUnsafeMutableBufferPointer { v in
                p.withUnsafeMutableBufferPointer { p in
                    for k in 0..<n {
                        diagonal[k] = a[k * n + k]
                        guard k + 1 < n else { break }
                        below[k + 1] = reflect(a, n, column: k, v, p)
                    }
                }
            }
        }
        return (diagonal, below)
    }

    /// Zeroes a column below its subdiagonal by a reflection from both sides.
    /// - Parameters: v, p: scratch of n.
    /// - Returns: the subdiagonal's element.
    private static func reflect(
        _ a: UnsafeMutableBufferPointer<Double>, _ n: Int, column k: Int, _ v: UnsafeMutableBufferPointer<Double>,
        _ p: UnsafeMutableBufferPointer<Double>
    ) -> Double {
        let first = k + 1
        var scale = 0.0
        for i in first..<n { scale = max(scale, abs(a[i * n + k])) }
        guard scale > 0, first + 1 < n else { return first < n ? a[first * n + k] : 0 }
        var square = 0.0
        for i in first..<n {
            v[i] = a[i * n + k] / scale
            square += v[i] * v[i]
        }
        let norm = square.squareRoot(), alpha = v[first] > 0 ? -norm : norm
        v[first] -= alpha
        // |v|^2 = 2 (norm^2 - alpha v_first)
        let half = square - alpha * (v[first] + alpha)
        guard half > 0 else { return a[first * n + k] }
        var product = 0.0
        for i in first..<n {
            let row = i * n
            // Four sums, which the processor adds at once.
            var sums = SIMD4<Double>.zero, j = first
            while j + 4 <= n {
                let x = SIMD4(a[row + j], a[row + j + 1], a[row + j + 2], a[row + j + 3])
                let y = SIMD4(v[j], v[j + 1], v[j + 2], v[j + 3])
                sums += x * y
                j += 4
            }
            while j < n {
                sums[0] += a[row + j] * v[j]
                j += 1
            }
            p[i] = sums.sum() / half
            product += p[i] * v[i]
        }
        let factor = product / (2 * half)
        for i in first..<n { p[i] -= factor * v[i] }
        for i in first..<n {
            let row = i * n, vi = v[i], pi = p[i]
            for j in first..<n { a[row + j] -= vi * p[j] + pi * v[j] }
        }
        return alpha * scale
    }

    /// Eigenvalues of a tridiagonal matrix, in place of its diagonal.
    private static func solve(_ d: inout [Double], _ e: inout [Double]) {
        let n = d.count
        guard n > 1 else { return }
        for i in 1..<n { e[i - 1] = e[i] }
        e[n - 1] = 0
        for l in 0..<n {
            for _ in 0..<60 {
                var m = l
                while m + 1 < n {
                    let size = abs(d[m]) + abs(d[m + 1])
                    if abs(e[m]) <= .ulpOfOne * size { break }
                    m += 1
                }
                if m == l { break }
                var g = (d[l + 1] - d[l]) / (2 * e[l])
                var r = (g * g + 1).squareRoot()
                g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r))
                var s = 1.0, c = 1.0, shift = 0.0, i = m - 1
                while i >= l {
                    let f = s * e[i], b = c * e[i]
                    r = (f * f + g * g).squareRoot()
                    e[i + 1] = r
                    if r == 0 {
                        d[i + 1] -= shift
                        e[m] = 0
                        break
                    }
                    s = f / r
                    c = g / r
                    g = d[i + 1] - shift
                    r = (d[i] - g) * s + 2 * c * b
                    shift = s * r
                    d[i + 1] = g + shift
                    g = c * r - b
                    i -= 1
                }
                if r == 0, i >= l { continue }
                d[l] -= shift
                e[l] = g
                e[m] = 0
            }
        }
    }
}

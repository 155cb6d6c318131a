import CKernels

/// Eigenvalues of a symmetric matrix, by reduction to a tridiagonal one (Householder) and implicit QL steps.
///
/// - Source: Golub, Van Loan 2013, "Matrix Computations", algorithms 8.3.1 and 8.3.3; Martin, Reinsch, Wilkinson 1968.
package enum SymmetricEigenvalues {
    /// - Parameter matrix: n by n, row-major; both triangles filled.
    /// - Returns: n numbers, ascending.
    package static func of(_ matrix: [Double], size n: Int) -> [Double] {
        ShapeCheck.require(matrix.count == n * n, "SymmetricEigenvalues", "\(matrix.count) elements for size \(n)")
        var diagonal = [Double](repeating: 0, count: n), below = diagonal, copy = matrix
        copy.withUnsafeMutableBufferPointer { copy in
            guard let a = copy.baseAddress else { return }
            Kernels.tridiagonalize(a, n, &diagonal, &below)
        }
        solve(&diagonal, &below)
        return diagonal.sorted()
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

extension Kernels {
    /// The diagonal and, from its second element on, the subdiagonal of a tridiagonal matrix similar to `a`, which is
    /// overwritten, in parallel rows.
    ///
    /// Reflections from both sides zero one column after the other. The rows are visited once a reflection: each is
    /// updated by it and, while it is in the cache, multiplied by the vector of the next.
    static func tridiagonalize(
        _ a: UnsafeMutablePointer<Double>, _ n: Int, _ diagonal: inout [Double], _ below: inout [Double]
    ) {
        let scratch = UnsafeMutableBufferPointer<Double>.allocate(capacity: 4 * n)
        defer { scratch.deallocate() }
        scratch.initialize(repeating: 0)
        guard n > 0, let start = scratch.baseAddress else { return }
        var v = start, next = start + n
        let p = start + 2 * n, products = start + 3 * n
        diagonal[0] = a[0]
        var column = reflection(a, n, of: 0, into: next)
        updateRows(a, n, from: 1, p, v, next, products)  // by zeros: products alone
        for k in 0..<n - 1 {
            let first = k + 1
            (v, next) = (next, v)
            below[first] = column.below
            var product = 0.0
            for i in first..<n {
                p[i] = column.half > 0 ? products[i] / column.half : 0
                product += p[i] * v[i]
            }
            let factor = column.half > 0 ? product / (2 * column.half) : 0
            for i in first..<n { p[i] -= factor * v[i] }
            for j in first..<n { a[first * n + j] -= v[first] * p[j] + p[first] * v[j] }
            diagonal[first] = a[first * n + first]
            column = reflection(a, n, of: first, into: next)
            updateRows(a, n, from: first + 1, p, v, next, products)
        }
    }

    /// The vector that reflects column k, right of row k as below it, onto its first element.
    /// - Returns: that element, and half the square of the vector's length; 0 where nothing is to be reflected.
    private static func reflection(
        _ a: UnsafeMutablePointer<Double>, _ n: Int, of k: Int, into v: UnsafeMutablePointer<Double>
    ) -> (below: Double, half: Double) {
        let first = k + 1
        guard first < n else { return (0, 0) }
        let row = a + k * n
        var scale = 0.0, square = 0.0
        for i in first..<n { scale = max(scale, abs(row[i])) }
        for i in first..<n {
            v[i] = scale > 0 ? row[i] / scale : 0
            square += v[i] * v[i]
        }
        let alpha = v[first] > 0 ? -square.squareRoot() : square.squareRoot()
        let half = square - alpha * v[first]
        guard first + 1 < n, half > 0 else {
            for i in first..<n { v[i] = 0 }
            return (row[first], 0)
        }
        v[first] -= alpha
        return (alpha * scale, half)
    }

    /// Updates all rows from one on, right of their first elements, by p and v, and multiplies them by `next`.
    private static func updateRows(
        _ a: UnsafeMutablePointer<Double>, _ n: Int, from first: Int, _ p: UnsafePointer<Double>,
        _ v: UnsafePointer<Double>, _ next: UnsafePointer<Double>, _ products: UnsafeMutablePointer<Double>
    ) {
        guard first < n else { return }
        Parallel.run(n - first, grain: max(1, 100_000 / (n - first))) { rows in
            for i in rows.lowerBound + first..<rows.upperBound + first {
                products[i] = concord_reflect_row(
                    a + i * n + first, p + first, v + first, v[i], p[i], next + first, n - first)
            }
        }
    }
}

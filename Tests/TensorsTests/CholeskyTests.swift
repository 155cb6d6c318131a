import ConcordTensors
import TestSupport
import Testing

struct CholeskyTests {
    /// `B Bᵀ + 0.1`, as its rows.
    private func matrix(_ n: Int) -> [Double] {
        let b = hashed("cholesky", [n, n]).scalars.map(Double.init)
        return (0..<n * n).map { place in
            let i = place / n, j = place % n
            return (0..<n).reduce(i == j ? 0.1 : 0) { $0 + b[i * n + $1] * b[j * n + $1] }
        }
    }

    @Test(arguments: [1, 2, 17, 130]) func theFactorAndItsInverse(n: Int) throws {
        let a = matrix(n), factor = try #require(Cholesky(a, size: n)), l = factor.lower
        let inverse = factor.inverseOfLower()  // transposed
        for i in 0..<n {
            for j in 0..<n {
                let product = (0..<n).reduce(0.0) { $0 + l[i * n + $1] * l[j * n + $1] }
                #expect(abs(product - a[i * n + j]) < 1e-11 * Double(n))
                let identity = (0..<n).reduce(0.0) { $0 + l[i * n + $1] * inverse[j * n + $1] }
                #expect(abs(identity - (i == j ? 1 : 0)) < 1e-9)
            }
        }
        let x = (0..<n).map { Double($0) - 3 }
        var right = (0..<n).map { i in (0..<n).reduce(0.0) { $0 + a[i * n + $1] * x[$1] } }
        factor.solve(&right)
        for i in 0..<n { #expect(abs(right[i] - x[i]) < 1e-8) }
    }

    @Test func singularAndIndefiniteMatricesAreRefused() {
        #expect(Cholesky([1, 2, 2, 4], size: 2) == nil)
        #expect(Cholesky([1, 2, 2, 1], size: 2) == nil)
        #expect(Cholesky([0], size: 1) == nil)
    }

    @Test(arguments: [1, 3]) func productsOfColumns(step: Int) {
        let x = hashed("gram", [1303, 5]), values = x.scalars.map(Double.init)
        let weights = (0..<1303).map { Float($0 % 7) }
        let found = x.gram(step: step), weighted = x.gram(weights: weights, step: step)
        for i in 0..<5 {
            for j in 0..<5 {
                let rows = stride(from: 0, to: 1303, by: step)
                let plain = rows.reduce(0.0) { $0 + values[$1 * 5 + i] * values[$1 * 5 + j] }
                let sum = rows.reduce(0.0) { $0 + Double(weights[$1]) * values[$1 * 5 + i] * values[$1 * 5 + j] }
                #expect(abs(found[i * 5 + j] - plain) < 1e-3 && abs(weighted[i * 5 + j] - sum) < 4e-3)
            }
        }
        let v = [1.0, -2, 3, 0.5, 4], sums = x.columnSums(weights: weights.map(Double.init)), own = x.products(with: v)
        for d in 0..<5 {
            #expect(abs(sums[d] - (0..<1303).reduce(0.0) { $0 + Double(weights[$1]) * values[$1 * 5 + d] }) < 1e-9)
        }
        for n in 0..<1303 { #expect(abs(own[n] - (0..<5).reduce(0.0) { $0 + v[$1] * values[n * 5 + $1] }) < 1e-12) }
    }
}

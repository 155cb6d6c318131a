import ConcordTensors
import TestSupport
import Testing

/// `Float32GEMM` beyond what `ForcedMatmulTests` asks of every route.
@Suite(.enabled(if: Float32GEMM.isAvailable, "this processor has no AVX-512, or the libraries may not use it"))
struct Float32GEMMTests {
    private func product(_ a: Tensor, _ b: Tensor, _ transposing: Transposition, by route: GEMM.Route) -> Tensor {
        withKernels(.forcing(route)) { a.matmul(b, transposing: transposing) }
    }

    /// Several blocks and parts of the inner axis, several runs of columns, and a result that is written past the
    /// caches.
    @Test(arguments: [(200, 4200, 1100), (2050, 4112, 40), (13, 33, 4700), (400, 96, 9000)])
    func largeProductsEqualOpenBLASs(_ m: Int, _ n: Int, _ k: Int) {
        for (transposing, left, right) in [
            (Transposition.neither, false, false), (.left, true, false), (.right, false, true), (.both, true, true),
        ] {
            let a = hashed("a", left ? [k, m] : [m, k]), b = hashed("b", right ? [n, k] : [k, n])
            expectClose(
                product(a, b, transposing, by: .own), product(a, b, transposing, by: .openBLAS),
                "[\(m), \(n), \(k)] \(transposing)")
        }
    }

    /// One number of the result is the same bits, whichever rows and columns are computed beside it.
    @Test func numbersDoNotDependOnTheCut() {
        let a = hashed("cut a", [300, 700]), b = hashed("cut b", [700, 200])
        let whole = product(a, b, .neither, by: .own)
        for rows in [0..<1, 5..<23, 290..<300] {
            for columns in [0..<200, 31..<40] {
                let some = product(a.sliced(rows, axis: 0), b.sliced(columns, axis: 1), .neither, by: .own)
                #expect(some.scalars == whole.sliced(rows, axis: 0).sliced(columns, axis: 1).scalars)
            }
        }
        // Of many columns fewer inner numbers are packed at a time.
        let wide = hashed("cut wide", [1100, 4200]), long = hashed("cut long", [200, 1100])
        let all = product(long, wide, .neither, by: .own)
        let few = product(long, wide.sliced(4000..<4040, axis: 1), .neither, by: .own)
        #expect(few.scalars == all.sliced(4000..<4040, axis: 1).scalars)
        let left = product(a.transposed(), b, .left, by: .own)
        #expect(left.scalars == whole.scalars)
        #expect(product(a, b.transposed(), .right, by: .own).scalars == whole.scalars)
    }

    /// Rows of a and b that have no number of their own do not reach the result, even where they are not finite.
    @Test func neighborsDoNotReachTheResult() {
        let (m, n, k) = (14, 35, 19)
        var a = [Float](repeating: .nan, count: m * (k + 2)), b = [Float](repeating: .nan, count: k * (n + 3))
        for i in 0..<m { for l in 0..<k { a[i * (k + 2) + l] = 1 } }
        for l in 0..<k { for j in 0..<n { b[l * (n + 3) + j] = 2 } }
        let x = Tensor(a, shape: [m, k + 2]), y = Tensor(b, shape: [k, n + 3]), z = Tensor(zeros: [m, n])
        Float32GEMM.multiply(
            m, n, k, 1, x.float32Pointer, k + 2, false, y.float32Pointer, n + 3, false, 0, z.float32Pointer, n)
        #expect(z.scalars == [Float](repeating: Float(2 * k), count: m * n))
    }

    @Test func itSuitsProductsOfManyRows() {
        #expect(Float32GEMM.suits(4096, 512, 512) && !Float32GEMM.suits(64, 512, 512))
    }
}

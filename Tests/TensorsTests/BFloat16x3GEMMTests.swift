import ConcordTensors
import TestSupport
import Testing

/// Products by way of bfloat16 tiles against float64 and against plain float32 ones.
@Suite(.enabled(if: BFloat16x3GEMM.isAvailable, "this processor has no AMX tiles, or oneDNN may not use them"))
struct BFloat16x3GEMMTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let m: Int, n: Int, k: Int
        var testDescription: String { "[\(m), \(k)] x [\(k), \(n)]" }
    }

    static let cases = [
        Case(m: 1, n: 1, k: 1), Case(m: 33, n: 47, k: 19), Case(m: 257, n: 65, k: 530), Case(m: 40, n: 545, k: 100),
        Case(m: 64, n: 32, k: 1030),
    ]

    private func at(_ x: Tensor, _ i: Int, _ j: Int, transposed: Bool) -> Double {
        Double(x.float32Pointer[transposed ? j * x.shape[1] + i : i * x.shape[1] + j])
    }

    @Test(arguments: cases, [(false, false), (false, true), (true, false), (true, true)])
    func errorsAreBelowThoseOfFloat32(_ c: Case, _ transposes: (a: Bool, b: Bool)) {
        let (m, n, k) = (c.m, c.n, c.k), pad = 3
        // Rows are longer than what is used of them.
        let a = hashed("split a", transposes.a ? [k, m + pad] : [m, k + pad]),
            b = hashed("split b", transposes.b ? [n, k + pad] : [k, n + pad])
        let old = hashed("split c", [m, n + pad]), bias = hashed("split bias", [n])
        for (alpha, beta, hasBias) in [(1, 0, false), (0.37, 0.5, false), (-2, 1, false), (1, 0, true)]
            as [(Float, Float, Bool)]
        {
            let ours = old + 0, plain = old + 0
            BFloat16x3GEMM.multiply(
                m, n, k, alpha, a.float32Pointer, a.shape[1], transposes.a, b.float32Pointer, b.shape[1], transposes.b,
                beta,
                bias: hasBias ? bias.float32Pointer : nil, ours.float32Pointer, n + pad)
            GEMM.serial(
                m, n, k, alpha, a.float32Pointer, a.shape[1], transposes.a, b.float32Pointer, b.shape[1], transposes.b,
                beta,
                plain.float32Pointer, n + pad,
                by: .openBLAS)
            var error = 0.0, plainError = 0.0, squares = 0.0, plainSquares = 0.0, largest = 1e-30
            for i in 0..<m {
                for j in 0..<n {
                    let product = (0..<k).reduce(0.0) {
                        $0 + at(a, i, $1, transposed: transposes.a) * at(b, $1, j, transposed: transposes.b)
                    }
                    let without = Double(alpha) * product + Double(beta) * at(old, i, j, transposed: false)
                    let exact = without + (hasBias ? Double(bias.float32Pointer[j]) : 0)
                    let ourError = at(ours, i, j, transposed: false) - exact,
                        theirs = at(plain, i, j, transposed: false) - without
                    (error, plainError) = (max(error, abs(ourError)), max(plainError, abs(theirs)))
                    (squares, plainSquares) = (squares + ourError * ourError, plainSquares + theirs * theirs)
                    largest = max(largest, abs(exact))
                }
                // nothing beyond a row
                for j in n..<n + pad {
                    #expect(ours.float32Pointer[i * (n + pad) + j] == old.float32Pointer[i * (n + pad) + j])
                }
            }
            #expect(
                error <= max(1.2e-7 * largest, 1.5 * plainError),
                "\(alpha) \(beta): \(error) of \(largest), plain \(plainError)")
            if k >= 100, !hasBias { #expect(squares <= plainSquares, "\(alpha) \(beta): mean squares") }
        }
    }

    /// What the first two parts say cancels; only the third is left.
    @Test func allThreePartsCount() {
        let pairs = 256, coarse = 1 + Float(0x1p-9), fine = coarse + Float(0x1p-23)
        let odd = Tensor((0..<2 * pairs).map { $0 % 2 == 0 ? fine : -coarse }, shape: [1, 2 * pairs]),
            ones = Tensor(ones: [1, 2 * pairs])
        for (a, b) in [(odd, ones), (ones, odd)] {
            let c = Tensor(zeros: [1, 1])
            BFloat16x3GEMM.multiply(
                1, 1, 2 * pairs, 1, a.float32Pointer, 2 * pairs, false, b.float32Pointer, 2 * pairs, true, 0,
                c.float32Pointer, 1)
            #expect(c.float32Pointer[0] == Float(pairs) * 0x1p-23)
        }
    }

    /// c's rows and columns may be dealt out to threads in any way.
    @Test func partsOfAProductAreThoseOfTheWhole() {
        let (m, n, k) = (200, 300, 700)
        let a = hashed("split parts a", [m, k]), b = hashed("split parts b", [k, n])
        let whole = Tensor(zeros: [m, n]), parts = Tensor(zeros: [m, n])
        BFloat16x3GEMM.multiply(
            m, n, k, 1, a.float32Pointer, k, false, b.float32Pointer, n, false, 0, whole.float32Pointer, n)
        for rows in [0..<77, 77..<200] {
            for columns in [0..<129, 129..<300] {
                BFloat16x3GEMM.multiply(
                    rows.count, columns.count, k, 1, a.float32Pointer + rows.lowerBound * k, k, false,
                    b.float32Pointer + columns.lowerBound, n, false, 0,
                    parts.float32Pointer + rows.lowerBound * n + columns.lowerBound, n)
            }
        }
        #expect(parts.scalars == whole.scalars)
    }

    /// Microbatches along the inner axis, and of columns.
    @Test(arguments: [(40, 3000, 1100), (2800, 2700, 700)]) func productsInPiecesAreThoseOfTheirColumns(
        _ m: Int, _ n: Int, _ k: Int
    ) {
        let a = hashed("split pieces a", [m, k]), b = hashed("split pieces b", [n, k]), c = Tensor(zeros: [m, n])
        BFloat16x3GEMM.multiply(
            m, n, k, 1, a.float32Pointer, k, false, b.float32Pointer, k, true, 0, c.float32Pointer, n)
        for columns in [0..<100, n - 100..<n] {
            let some = Tensor(zeros: [m, 100])
            BFloat16x3GEMM.multiply(
                m, 100, k, 1, a.float32Pointer, k, false, b.float32Pointer + columns.lowerBound * k, k, true, 0,
                some.float32Pointer, 100)
            #expect(some.scalars == c.sliced(columns, axis: 1).scalars)
        }
    }

    @Test func aLargeProductPastTheCachesIsTheSame() {
        let (m, n, k) = (2304, 4096, 200)  // 36 MiB
        let a = hashed("split large a", [m, k]), b = hashed("split large b", [n, k])
        let large = a.matmul(b, transposing: .right)
        for rows in [0..<64, 2240..<2304] {
            let some = Tensor(zeros: [64, n])
            BFloat16x3GEMM.multiply(
                64, n, k, 1, a.float32Pointer + rows.lowerBound * k, k, false, b.float32Pointer, k, true, 0,
                some.float32Pointer, n)
            #expect(some.scalars == large.sliced(rows, axis: 0).scalars)
        }
    }

    @Test func whatIsNotFiniteStaysSoInItsRow() {
        let (m, n, k) = (256, 128, 256)
        let a = hashed("split odd a", [m, k]), b = hashed("split odd b", [k, n])
        (a.float32Pointer[3 * k + 5], a.float32Pointer[9 * k + 200]) = (.infinity, .nan)
        let c = a.matmul(b).scalars
        for i in 0..<m { #expect(c[i * n..<(i + 1) * n].allSatisfy { $0.isFinite == (i != 3 && i != 9) }) }
    }

    /// The whole way through the layers that use it, against products too small for it.
    @Test func layersGiveWhatTheirPartsGive() {
        let x = hashed("split x", [260, 224]), weight = hashed("split w", [256, 224]), bias = hashed("split b", [256])
        #expect(BFloat16x3GEMM.suits(260, 256, 224) && !BFloat16x3GEMM.suits(52, 256, 224))
        func run(_ rows: Range<Int>) -> [Tensor] {
            let (y, pullback) = valueWithPullback(of: [x.sliced(rows, axis: 0), weight, bias]) {
                [$0[0].linear(weight: $0[1], bias: $0[2])]
            }
            return y + pullback([hashed("split up", [260, 256]).sliced(rows, axis: 0)]).1.compactMap { $0 }
        }
        let whole = run(0..<260), parts = (0..<5).map { run($0 * 52..<($0 + 1) * 52) }
        for place in 0..<4 {
            let each = parts.map { $0[place] }
            let expected = place < 2 ? Tensor.concatenated(each, axis: 0) : each.dropFirst().reduce(each[0], +)
            expectClose(whole[place], expected, tolerance: 1e-6, "\(place)")
        }
    }

    @Test func pointwiseConvolutionsGiveWhatTheirPartsGive() {
        let x = hashed("split px", [6, 8, 8, 256]), weight = hashed("split pw", [192, 256, 1, 1]),
            bias = hashed("split pb", [192])
        func run(_ samples: Range<Int>) -> [Tensor] {
            let (y, pullback) = valueWithPullback(of: [x.sliced(samples, axis: 0), weight, bias]) {
                [$0[0].convolved2d(weight: $0[1], bias: $0[2])]
            }
            return y + pullback([hashed("split pu", [6, 8, 8, 192]).sliced(samples, axis: 0)]).1.compactMap { $0 }
        }
        let whole = run(0..<6), parts = (0..<6).map { run($0..<$0 + 1) }
        for place in 0..<4 {
            let each = parts.map { $0[place] }
            let expected = place < 2 ? Tensor.concatenated(each, axis: 0) : each.dropFirst().reduce(each[0], +)
            expectClose(whole[place], expected, tolerance: 1e-6, "\(place)")
        }
    }
}

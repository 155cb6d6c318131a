import ConcordTensors
import TestSupport
import Testing

/// Every route of float32 matrix products, chosen whether it is the fastest or not, against products in float64.
struct ForcedMatmulTests {
    static let routes = GEMM.Route.allCases.filter {
        ($0 != .bfloat16x3 || BFloat16x3GEMM.isAvailable) && ($0 != .own || Float32GEMM.isAvailable)
    }
    static let sizes = [(1, 1, 1), (5, 19, 7), (33, 47, 130), (257, 65, 530), (40, 545, 100)]

    private func product(_ a: Tensor, _ b: Tensor, _ transposes: (a: Bool, b: Bool), bias: Tensor?) -> Tensor {
        let m = a.shape[transposes.a ? 1 : 0], k = a.shape[transposes.a ? 0 : 1], n = b.shape[transposes.b ? 0 : 1]
        let (x, y) = (a.scalars, b.scalars)
        let sums = (0..<m * n).map { place -> Float in
            let (i, j) = (place / n, place % n)
            let sum = (0..<k).reduce(0.0) { sum, l in
                let left = x[transposes.a ? l * m + i : i * k + l], right = y[transposes.b ? j * k + l : l * n + j]
                return sum + Double(left) * Double(right)
            }
            return Float(sum + (bias.map { Double($0.scalars[j]) } ?? 0))
        }
        return Tensor(sums, shape: [m, n])
    }

    @Test(arguments: routes, [(false, false), (false, true), (true, false), (true, true)])
    func equalsFloat64(_ route: GEMM.Route, _ transposes: (a: Bool, b: Bool)) {
        for (m, n, k) in Self.sizes {
            let a = hashed("forced a", transposes.a ? [k, m] : [m, k])
            let b = hashed("forced b", transposes.b ? [n, k] : [k, n])
            let transposing: Transposition =
                transposes.a ? (transposes.b ? .both : .left) : (transposes.b ? .right : .neither)
            withKernels(.forcing(route)) {
                #expect(GEMM.route(GEMM.Sizes(m: m, n: n, k: k, transposeA: transposes.a, isDense: true)) == route)
                expectClose(
                    a.matmul(b, transposing: transposing), product(a, b, transposes, bias: nil), "[\(m), \(n), \(k)]")
            }
        }
    }

    @Test(arguments: routes) func addsTheBias(_ route: GEMM.Route) {
        let x = hashed("forced x", [37, 21]), w = hashed("forced w", [50, 21]), bias = hashed("forced bias", [50])
        withKernels(.forcing(route)) {
            expectClose(x.linear(weight: w, bias: bias), product(x, w, (a: false, b: true), bias: bias))
        }
    }

    /// Rows further apart than they are long, as blocks of larger matrices are.
    @Test(arguments: routes) func scalesAndAddsToWhatIsThere(_ route: GEMM.Route) {
        let (m, n, k) = (33, 47, 19), a = hashed("strided a", [m, k]), b = hashed("strided b", [k, n])
        let old = hashed("strided c", [m, n + 3]), c = old + 0
        withKernels(.forcing(route)) {
            GEMM.multiply(
                m: m, n: n, k: k, alpha: 0.5, a.float32Pointer, lda: k, b.float32Pointer, ldb: n, beta: -2,
                c.float32Pointer, ldc: n + 3)
        }
        let expected = product(a, b, (a: false, b: false), bias: nil) * 0.5 + old.sliced(0..<n, axis: 1) * -2
        expectClose(c.sliced(0..<n, axis: 1), expected)
        #expect(c.sliced(n..<n + 3, axis: 1).scalars == old.sliced(n..<n + 3, axis: 1).scalars)
    }

    @Test func withoutAnInnerSizeTheBiasIsLeft() {
        for route in Self.routes {
            let y = withKernels(.forcing(route)) {
                Tensor(zeros: [3, 0]).linear(weight: Tensor(zeros: [2, 0]), bias: Tensor([1, 2], shape: [2]))
            }
            #expect(y.scalars == [1, 2, 1, 2, 1, 2])
        }
    }

    /// Threads of a parallel loop compute as the one that opened it, and as before when it has ended.
    @Test func parallelLoopsInheritTheChoice() {
        func routes() -> Set<GEMM.Route> {
            var routes = [GEMM.Route](repeating: .packed, count: 64)
            routes.withUnsafeMutableBufferPointer { routes in
                let to = routes.baseAddress
                Parallel.run(64) { for i in $0 { to?[i] = GEMM.route(GEMM.Sizes(m: 8, n: 8, k: 8)) } }
            }
            return Set(routes)
        }
        let usual = routes()
        for route in [GEMM.Route.oneDNN, .openBLAS] {
            #expect(withKernels(.forcing(route)) { routes() } == [route])
            #expect(routes() == usual)
        }
    }

    @Test func aScopeEndsAlsoWithAnError() {
        struct Refused: Error {}
        let before = KernelTable.current
        #expect(throws: Refused.self) {
            try withKernels(.forcing(.oneDNN)) { () throws(Refused) in
                #expect(KernelTable.current == .forcing(.oneDNN))
                throw Refused()
            }
        }
        #expect(KernelTable.current == before)
    }
}

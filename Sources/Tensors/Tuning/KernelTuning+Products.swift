#if canImport(Glibc)
    import Glibc
#endif

extension KernelTuning {
    /// One product of a linear layer's training step.
    private struct Product {
        let m: Int, n: Int, k: Int
        let transposing: Transposition
    }

    /// Forward, to the input and to the weights, of 2048 rows with 512 and 2048 columns.
    private var products: [Product] {
        guard !isQuick else { return [Product(m: 64, n: 64, k: 64, transposing: .right)] }
        return [
            Product(m: 2048, n: 512, k: 512, transposing: .right),
            Product(m: 2048, n: 2048, k: 512, transposing: .right),
            Product(m: 2048, n: 512, k: 2048, transposing: .right),
            Product(m: 2048, n: 512, k: 2048, transposing: .neither),
            Product(m: 512, n: 2048, k: 2048, transposing: .left),
            Product(m: 2048, n: 512, k: 2048, transposing: .left),
        ]
    }

    /// How float32 matrices are multiplied fastest.
    func matmulChoice(_ report: (KernelComparison) -> Void) -> MatmulChoice {
        var choice = MatmulChoice.standard
        var routes: [GEMM.Route] = [.openBLAS, .oneDNN, .packed]
        if Float32GEMM.isAvailable { routes.append(.own) }
        if BFloat16x3GEMM.isAvailable { routes.append(.bfloat16x3) }
        let measured = products.map { ($0, seconds($0, routes)) }
        /// Decides between two routes by the geometric mean over some of the products.
        func decide(
            _ problem: String, _ standard: GEMM.Route, _ other: GEMM.Route,
            where isMeant: (Product) -> Bool = { _ in true }
        ) -> GEMM.Route {
            let times = measured.filter { isMeant($0.0) }.compactMap { _, seconds in
                seconds[standard].flatMap { before in seconds[other].map { (before, $0) } }
            }
            guard !times.isEmpty else { return standard }
            let gain = exp(times.map { log($0.0 / $0.1) }.reduce(0, +) / Double(times.count))
            let fastest = gain > KernelComparison.margin ? other : standard
            report(
                KernelComparison(
                    problem: problem, standard: standard.rawValue, fastest: fastest.rawValue,
                    gain: fastest == standard ? 1 : gain,
                    seconds: [
                        standard.rawValue: times.map(\.0).reduce(0, +), other.rawValue: times.map(\.1).reduce(0, +),
                    ]))
            return fastest
        }
        let library = GEMM.Route(choice.library)
        let plain = decide("products in float32", library, library == .oneDNN ? .openBLAS : .oneDNN)
        choice.library = plain == .oneDNN ? .oneDNN : .openBLAS
        func isWorthPacking(_ product: Product) -> Bool {
            GEMM.isWorthPacking(product.m, product.n, product.k, transposeA: product.transposing.transposesLeft)
        }
        choice.packs =
            plain == .oneDNN
            ? decide("long sums in float32", .packed, .oneDNN, where: isWorthPacking) == .packed
            : decide("long sums in float32", .openBLAS, .packed, where: isWorthPacking) == .packed
        if Float32GEMM.isAvailable {
            let (standard, other) = choice.blocks ? (.own, plain) : (plain, GEMM.Route.own)
            choice.blocks = decide("products of many rows in float32", standard, other) == .own
        }
        if BFloat16x3GEMM.isAvailable {
            let other = choice.blocks ? .own : plain
            choice.splits = decide("large products in float32", .bfloat16x3, other) == .bfloat16x3
        }
        choice.attention = attentionLibrary(choice, report)
        return choice
    }

    /// The shortest times of one product by each route.
    private func seconds(_ product: Product, _ routes: [GEMM.Route]) -> [GEMM.Route: Double] {
        let (m, n, k) = (product.m, product.n, product.k), transposing = product.transposing
        let a = Self.values(transposing.transposesLeft ? [k, m] : [m, k])
        let b = Self.values(transposing.transposesRight ? [n, k] : [k, n])
        let entrants = routes.map { route in
            (
                name: route.rawValue,
                run: { withKernels(.forcing(route)) { _ = a.matmul(b, transposing: transposing) } }
            )
        }
        let race = KernelRace(problem: "product", entrants: entrants, rounds: rounds, prunes: false)
        let times = race.run()?.seconds ?? [:]
        var seconds: [GEMM.Route: Double] = [:]
        for route in routes { seconds[route] = times[route.rawValue] }
        return seconds
    }

    /// Whose sgemm attention over 64 and more keys is fastest with.
    private func attentionLibrary(
        _ choice: MatmulChoice, _ report: (KernelComparison) -> Void
    ) -> Processor.MatmulLibrary {
        let x = Self.values(isQuick ? [1, 64, 3 * 64] : [8, 128, 3 * 512])
        let libraries = [choice.attention, choice.attention == .oneDNN ? .openBLAS : .oneDNN]
        let entrants = libraries.map { library in
            (
                name: library.rawValue,
                run: {
                    withKernels(.forcing(GEMM.Route(library))) {
                        let (y, pullback) = valueWithPullback(of: [x]) { [$0[0].attention(heads: x.shape[2] / 192)] }
                        _ = pullback(y)
                    }
                }
            )
        }
        guard
            let result = KernelRace(
                problem: "attention in float32", entrants: entrants, rounds: rounds, prunes: false
            ).run()
        else { return choice.attention }
        report(result)
        return Processor.MatmulLibrary(rawValue: result.fastest) ?? choice.attention
    }

    /// How many times as fast as in float32 training is in bfloat16: the geometric mean of convolutions and of linear
    /// layers, forward and backward.
    func bfloat16Gain(_ report: (KernelComparison) -> Void) -> Double {
        let images = Self.values(isQuick ? [2, 8, 8, 16] : [16, 28, 28, 64]), width = images.shape[3]
        let rows = Self.values(isQuick ? [32, 32] : [1024, 512]), inner = rows.shape[1]
        let steps: [(name: String, parameters: [Tensor], body: ([Tensor]) -> Tensor)] = [
            (
                "convolutions", [images, Self.values([width, width, 3, 3])],
                {
                    $0[0].convolved2d(weight: $0[1], padding: 1).relu().convolved2d(weight: $0[1], padding: 1).relu()
                }
            ),
            (
                "linear layers", [rows, Self.values([4 * inner, inner]), Self.values([inner, 4 * inner])],
                { $0[0].linear(weight: $0[1]).gelu().linear(weight: $0[2]) }
            ),
        ]
        let gains = steps.map { step -> Double in
            let entrants = [Precision.float32, .bfloat16].map { precision in
                (
                    name: precision.rawValue,
                    run: {
                        withPrecision(precision) {
                            let (y, pullback) = valueWithPullback(of: step.parameters) { [step.body($0)] }
                            _ = pullback(y)
                        }
                    }
                )
            }
            guard
                let result = KernelRace(
                    problem: "training step of \(step.name)", entrants: entrants, rounds: rounds, prunes: false
                ).run()
            else { return 1 }
            report(result)
            return (result.seconds["float32"] ?? 1) / max(1e-9, result.seconds["bfloat16"] ?? 1)
        }
        return Self.rounded(exp(gains.map { log($0) }.reduce(0, +) / Double(max(1, gains.count))))
    }
}

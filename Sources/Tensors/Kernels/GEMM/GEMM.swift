import COneDNN
import COpenBLAS

/// The float32 matrix product `c = alpha op(a) op(b) + beta c`.
package enum GEMM {
    /// The ways to compute it.
    package enum Route: String, Sendable, CaseIterable {
        /// `BFloat16x3GEMM`: on AMX's tiles.
        case bfloat16x3 = "bf16x3 on AMX's tiles"
        /// `Float32GEMM`: with a packed copy of b.
        case own = "Concord"
        /// oneDNN's matmul primitive with a packed copy of b.
        case packed = "oneDNN with a packed factor"
        /// oneDNN's sgemm, which runs in parallel by itself.
        case oneDNN = "oneDNN"
        /// OpenBLAS's sgemm, which runs on one thread.
        case openBLAS = "OpenBLAS"

        /// The sgemm of a library.
        init(_ library: Processor.MatmulLibrary) { self = library == .oneDNN ? .oneDNN : .openBLAS }
    }

    /// The sizes of a product.
    package struct Sizes {
        let m: Int, n: Int, k: Int
        let transposeA: Bool
        /// Rows are contiguous in memory, and there is neither alpha nor beta.
        var isDense = false
        /// Whose sgemm computes what no special route takes; nil: the chosen one's.
        var library: Processor.MatmulLibrary?

        package init(
            m: Int, n: Int, k: Int, transposeA: Bool = false, isDense: Bool = false,
            library: Processor.MatmulLibrary? = nil
        ) {
            (self.m, self.n, self.k) = (m, n, k)
            (self.transposeA, self.isDense, self.library) = (transposeA, isDense, library)
        }
    }

    /// The routes in the order in which they are tried.
    static let routes: [Route] = [.bfloat16x3, .own, .packed, .oneDNN, .openBLAS]

    /// The one that is forced, where it can compute the product; else the first that is chosen and suits.
    package static func route(_ sizes: Sizes) -> Route {
        let choice = MatmulChoice.current
        if let forced = choice.forced, can(forced, sizes) { return forced }
        for route in routes where suits(route, sizes, choice) && can(route, sizes) { return route }
        return .openBLAS
    }

    /// Whether a route computes a product of these sizes here.
    private static func can(_ route: Route, _ s: Sizes) -> Bool {
        switch route {
        case .bfloat16x3: BFloat16x3GEMM.isAvailable && s.k > 0
        case .own: Float32GEMM.isAvailable && s.k > 0
        case .packed: s.isDense && s.k > 0
        case .oneDNN, .openBLAS: true
        }
    }

    /// Whether it is chosen and faster than the later ones.
    private static func suits(_ route: Route, _ s: Sizes, _ choice: MatmulChoice) -> Bool {
        switch route {
        case .bfloat16x3: choice.splits && BFloat16x3GEMM.suits(s.m, s.n, s.k)
        case .own: s.library == nil && usesBlocks(s.m, s.n, s.k)
        case .packed: choice.packs && isWorthPacking(s.m, s.n, s.k, transposeA: s.transposeA)
        case .oneDNN: (s.library ?? choice.library) == .oneDNN
        case .openBLAS: true
        }
    }

    /// Whether a product of these sizes runs on AMX's tiles.
    static func usesTiles(_ m: Int, _ n: Int, _ k: Int) -> Bool {
        MatmulChoice.current.splits && BFloat16x3GEMM.suits(m, n, k)
    }

    /// Whether a product of these sizes is computed by `Float32GEMM`.
    static func usesBlocks(_ m: Int, _ n: Int, _ k: Int) -> Bool {
        MatmulChoice.current.blocks && Float32GEMM.suits(m, n, k)
    }

    /// Whether the primitive with a packed copy of b is faster than sgemm, which slows down over long sums, and where
    /// it takes columns of a wide a. On two cores of a Xeon (Sapphire Rapids), oneDNN 2.6, 4096 rows, with the packing:
    /// `[4096, 2048] [512, 2048]ᵀ` 34 ms against 39, `[4096, 1536]ᵀ [4096, 512]` 28 against 41; but `[4096, 512] [2048,
    /// 512]ᵀ` 35 against 33 and `[4096, 512]ᵀ [4096, 2048]` 41 against 37.
    static func isWorthPacking(_ m: Int, _ n: Int, _ k: Int, transposeA: Bool) -> Bool {
        m >= 512 && n >= 256 && k >= 256 && (transposeA ? m >= 1024 && m > n : k >= 1024)
    }

    /// Whether oneDNN may divide the sums of a product of these sizes among threads, which decides their last bits:
    /// those over samples, and those that are longer than the result is wide and high (seen with one row, and in `[37,
    /// 4001] [4001, 19]` by AVX2).
    static func mayDivideSums(_ m: Int, _ n: Int, _ k: Int, transposeA: Bool) -> Bool {
        transposeA || k >= max(m, n)
    }

    // MARK: In parallel

    /// `c = op(a) op(b) (+ bias)` of dense row-major matrices, in parallel.
    /// - Parameter bias: n numbers, added to every row.
    package static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, transposeA: Bool = false, _ b: UnsafePointer<Float>,
        transposeB: Bool = false, bias: UnsafePointer<Float>? = nil, into c: UnsafeMutablePointer<Float>
    ) {
        guard m > 0, n > 0 else { return }
        let lda = transposeA ? m : k, ldb = transposeB ? k : n
        switch route(Sizes(m: m, n: n, k: k, transposeA: transposeA, isDense: true)) {
        case .bfloat16x3:
            BFloat16x3GEMM.multiply(m, n, k, 1, a, lda, transposeA, b, ldb, transposeB, 0, bias: bias, c, n)
        case .own:
            Float32GEMM.multiply(m, n, k, 1, a, lda, transposeA, b, ldb, transposeB, 0, bias: bias, c, n)
        case .packed:
            let matmul = OneDNNMatmul.cached(
                OneDNNMatmul.Form(
                    m: m, n: n, k: k, isBFloat16: false, transposesA: transposeA, transposesB: transposeB,
                    packsB: true, hasBias: bias != nil))
            let packed = matmul.packed(b)
            withExtendedLifetime(packed) { matmul.run(a, packed.base, bias: bias, into: c) }
        case .oneDNN, .openBLAS:
            if let bias {
                Parallel.run(m, grain: Rows.grain(n)) {
                    Kernels.fillRows(c + $0.lowerBound * n, with: bias, rows: $0.count, width: n)
                }
            }
            guard k > 0 else {
                if bias == nil { c.update(repeating: 0, count: m * n) }
                return
            }
            multiply(
                m: m, n: n, k: k, a, lda: lda, transposeA: transposeA, b, ldb: ldb, transposeB: transposeB,
                beta: bias == nil ? 0 : 1, c, ldc: n)
        }
    }

    /// `c = alpha op(a) op(b) + beta c` on row-major memory, in parallel blocks of c.
    /// - Parameters:
    ///   - m: rows of c; n: its columns; k: the inner size.
    ///   - lda: elements between rows of `a` as it is stored; `ldb`, `ldc` likewise.
    package static func multiply(
        m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
        _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false, beta: Float = 0,
        _ c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        if route(Sizes(m: m, n: n, k: k, transposeA: transposeA)) != .openBLAS {
            serial(m, n, k, alpha, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc)
            return
        }
        // One block a thread, along the longer side, in multiples of the kernels' tiles.
        let byRows = m >= n
        let tile = 16, tiles = ((byRows ? m : n) + tile - 1) / tile
        let grain = max(1, 200_000 / max(1, tile * k * (byRows ? n : m)))
        Parallel.run(tiles, grain: grain) { range in
            if byRows {
                let first = range.lowerBound * tile, last = min(m, range.upperBound * tile)
                serial(
                    last - first, n, k, alpha, a + (transposeA ? first : first * lda), lda, transposeA, b, ldb,
                    transposeB, beta, c + first * ldc, ldc)
            } else {
                let first = range.lowerBound * tile, last = min(n, range.upperBound * tile)
                serial(
                    m, last - first, k, alpha, a, lda, transposeA, b + (transposeB ? first * ldb : first), ldb,
                    transposeB, beta, c + first, ldc)
            }
        }
    }

    // MARK: On one thread

    /// The same on this thread alone, for blocks inside a parallel loop; outside of one oneDNN opens a region by
    /// itself.
    /// - Parameter library: whose sgemm computes it where no special route does; nil: the chosen one's.
    package static func serial(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int, by library: Processor.MatmulLibrary? = nil
    ) {
        FloatMode.flushing {
            switch route(Sizes(m: m, n: n, k: k, transposeA: transposeA, library: library)) {
            case .bfloat16x3:
                BFloat16x3GEMM.multiply(m, n, k, alpha, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc)
            case .own:
                Float32GEMM.multiply(m, n, k, alpha, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc)
            case .openBLAS:
                OpenBLASBuffers.prepare(for: Threads.count)
                cblas_sgemm(
                    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
                    blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c,
                    blasint(ldc))
            case .oneDNN, .packed:
                _ = Threads.forLibrary(dividingSums: mayDivideSums(m, n, k, transposeA: transposeA))
                let status = dnnl_sgemm(
                    CChar(UInt8(ascii: transposeA ? "T" : "N")), CChar(UInt8(ascii: transposeB ? "T" : "N")),
                    Int64(m), Int64(n), Int64(k), alpha, a, Int64(lda), b, Int64(ldb), beta, c, Int64(ldc))
                requireSuccess(
                    Int32(status.rawValue), in: "matmul",
                    "oneDNN refused [\(m), \(k)] x [\(k), \(n)]: status \(status.rawValue)")
            }
        }
    }
}

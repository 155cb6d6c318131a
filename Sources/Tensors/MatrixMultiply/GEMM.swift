import CBridges
import CKernels
import COneDNN
import COpenBLAS

/// The float32 matrix product: large ones by AMX's tiles where there are any, others by whichever library is at full
/// width on this processor.
package enum GEMM {
    /// `c = op(a) op(b) (+ bias)` of dense row-major matrices, in parallel.
    /// - Parameter bias: n numbers, added to every row.
    package static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, transposeA: Bool = false, _ b: UnsafePointer<Float>,
        transposeB: Bool = false,
        bias: UnsafePointer<Float>? = nil, into c: UnsafeMutablePointer<Float>
    ) {
        guard m > 0, n > 0 else { return }
        if BFloat16x3GEMM.suits(m, n, k) {
            return BFloat16x3GEMM.multiply(
                m, n, k, 1, a, transposeA ? m : k, transposeA, b, transposeB ? k : n, transposeB, 0, bias: bias, c, n)
        }
        if Processor.matmulLibrary == .oneDNN, isWorthPacking(m, n, k, transposeA: transposeA) {
            let product = OneDNNMatmul.cached(
                OneDNNMatmul.Form(
                    m: m, n: n, k: k, isBFloat16: false, transposesA: transposeA, transposesB: transposeB, packsB: true,
                    hasBias: bias != nil))
            let packed = product.packed(b)
            return withExtendedLifetime(packed) { product.run(a, packed.base, bias: bias, into: c) }
        }
        if let bias {
            Parallel.run(m, grain: Rows.grain(n)) { concord_fill_rows(c + $0.lowerBound * n, bias, $0.count, n) }
        }
        guard k > 0 else {
            if bias == nil { c.update(repeating: 0, count: m * n) }
            return
        }
        multiply(
            m: m, n: n, k: k, a, lda: transposeA ? m : k, transposeA: transposeA, b, ldb: transposeB ? k : n,
            transposeB: transposeB,
            beta: bias == nil ? 0 : 1, c, ldc: n)
    }

    /// Whether the primitive with a packed copy of b is faster than the plain product, which slows down over long sums,
    /// and where it takes columns of a wide a. On two cores of a Xeon (Sapphire Rapids), oneDNN 2.6, 4096 rows, with
    /// the packing: `[4096, 2048] [512, 2048]ᵀ` 34 ms against 39, `[4096, 1536]ᵀ [4096, 512]` 28 against 41; but
    /// `[4096, 512] [2048, 512]ᵀ` 35 against 33 and `[4096, 512]ᵀ [4096, 2048]` 41 against 37.
    private static func isWorthPacking(_ m: Int, _ n: Int, _ k: Int, transposeA: Bool) -> Bool {
        m >= 512 && n >= 256 && k >= 256 && (transposeA ? m >= 1024 && m > n : k >= 1024)
    }

    /// `c = alpha op(a) op(b) + beta c` on row-major memory, in parallel blocks of c.
    /// - Parameters:
    ///   - m: rows of c; n: its columns; k: the inner size.
    ///   - lda: elements between rows of `a` as it lies in memory; `ldb`, `ldc` likewise.
    package static func multiply(
        m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
        _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false, beta: Float = 0,
        _ c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        if Processor.matmulLibrary == .oneDNN || BFloat16x3GEMM.suits(m, n, k) {
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
                    transposeB, beta,
                    c + first * ldc, ldc)
            } else {
                let first = range.lowerBound * tile, last = min(n, range.upperBound * tile)
                serial(
                    m, last - first, k, alpha, a, lda, transposeA, b + (transposeB ? first * ldb : first), ldb,
                    transposeB, beta,
                    c + first, ldc)
            }
        }
    }

    /// The same on this thread alone, for blocks inside a parallel loop.
    package static func serial(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int,
        by route: Processor.MatmulLibrary = Processor.matmulLibrary
    ) {
        if BFloat16x3GEMM.suits(m, n, k) {
            return BFloat16x3GEMM.multiply(m, n, k, alpha, a, lda, transposeA, b, ldb, transposeB, beta, c, ldc)
        }
        let mode = concord_flush_subnormals()
        defer { concord_restore_float_mode(mode) }
        switch route {
        case .openBLAS:
            OpenBLASBuffers.prepare(for: Threads.count)
            cblas_sgemm(
                CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
                blasint(m), blasint(n),
                blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
        case .oneDNN:
            _ = Threads.claim()  // it opens a region by itself, outside of one; on the wrong thread it must not
            let status = dnnl_sgemm(
                CChar(UInt8(ascii: transposeA ? "T" : "N")), CChar(UInt8(ascii: transposeB ? "T" : "N")), Int64(m),
                Int64(n), Int64(k),
                alpha,
                a, Int64(lda), b, Int64(ldb), beta, c, Int64(ldc))
            requireSuccess(
                Int32(status.rawValue), in: "matmul",
                "oneDNN refused [\(m), \(k)] x [\(k), \(n)]: status \(status.rawValue)")
        }
    }
}

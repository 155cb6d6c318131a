import CBridges
import COneDNN
import COpenBLAS

/// The float32 matrix product, sent to whichever library is at full width on this processor.
package enum Product {
    /// `c = alpha op(a) op(b) + beta c` on row-major memory, in parallel blocks of c.
    /// - Parameters:
    ///   - m: rows of c; n: its columns; k: the inner size.
    ///   - lda: elements between rows of `a` as it lies in memory; `ldb`, `ldc` likewise.
    package static func multiply(
        m: Int, n: Int, k: Int, alpha: Float = 1, _ a: UnsafePointer<Float>, lda: Int, transposeA: Bool = false,
        _ b: UnsafePointer<Float>, ldb: Int, transposeB: Bool = false, beta: Float = 0, _ c: UnsafeMutablePointer<Float>, ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        if Processor.productRoute == .oneDNN {
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
                    last - first, n, k, alpha, a + (transposeA ? first : first * lda), lda, transposeA, b, ldb, transposeB, beta,
                    c + first * ldc, ldc)
            } else {
                let first = range.lowerBound * tile, last = min(n, range.upperBound * tile)
                serial(
                    m, last - first, k, alpha, a, lda, transposeA, b + (transposeB ? first * ldb : first), ldb, transposeB, beta,
                    c + first, ldc)
            }
        }
    }

    /// The same on this thread alone, for blocks inside a parallel loop.
    package static func serial(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int,
        by route: Processor.ProductRoute = Processor.productRoute
    ) {
        let mode = concord_flush_floats()
        defer { concord_restore_floats(mode) }
        switch route {
        case .openBLAS:
            cblas_sgemm(
                CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, blasint(m), blasint(n),
                blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
        case .oneDNN:
            _ = Threads.claim()  // it opens a region by itself, outside of one; on the wrong thread it must not
            let status = dnnl_sgemm(
                CChar(UInt8(ascii: transposeA ? "T" : "N")), CChar(UInt8(ascii: transposeB ? "T" : "N")), Int64(m), Int64(n), Int64(k),
                alpha,
                a, Int64(lda), b, Int64(ldb), beta, c, Int64(ldc))
            ShapeCheck.require(status == dnnl_success, "matmul", "oneDNN refused [\(m), \(k)] x [\(k), \(n)]: status \(status.rawValue)")
        }
    }
}

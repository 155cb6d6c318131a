import CKernels

/// float32 products by way of bfloat16 tiles (AMX): six products of parts in place of one, on units more than twelve times as fast.
///
/// Against float64 their errors are half of a plain float32 product's, for sums are rounded once for 32 terms. On two cores of a Xeon
/// (Sapphire Rapids), packing included: `[4096, 512] [2048, 512]ᵀ` 21 ms against 35, `[1536, 4096] [4096, 512]` 16 against 25.
package enum SplitProduct {
    /// The processor has the tiles, the system gives them, and oneDNN may use them too (`ONEDNN_MAX_CPU_ISA`).
    package static let isAvailable: Bool = Processor.hasTiles && concord_split_available()

    /// Whether this is faster than the plain product, packing included.
    package static func suits(_ m: Int, _ n: Int, _ k: Int) -> Bool {
        isAvailable && min(m, n) >= 128 && max(m, n) >= 256 && k >= 192
    }

    /// `c = alpha op(a) op(b) + bias`, or `+ beta c`, on row-major memory; in parallel outside of parallel loops.
    /// - Parameters: as `Product.multiply`'s.
    package static func multiply(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool, _ b: UnsafePointer<Float>,
        _ ldb: Int, _ transposeB: Bool, _ beta: Float, bias: UnsafePointer<Float>? = nil, _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        let side = CONCORD_SPLIT_SIDE
        let streams = Streaming.suits(c, rows: m, width: n, stride: ldc) && beta == 0 && k <= CONCORD_SPLIT_INNER
        let rows = (m + side - 1) / side, columns = (n + side - 1) / side
        // Every thread packs its own share of the longer side, and of the shorter one all there is or what it needs of it.
        guard m >= n else {
            return Parallel.run(columns) { range in
                let first = range.lowerBound * side, width = min(n, range.upperBound * side) - first
                let packed = pack(transposeB ? b + first * ldb : b + first, ldb, transposeB, width, k)  // by this thread alone: it is in a loop
                run(m, width, k, alpha, a, lda, transposeA, packed, beta, bias.map { $0 + first }, c + first, ldc, streams)
            }
        }
        let packed = pack(b, ldb, transposeB, n, k)
        Parallel.run(rows) { range in
            let first = range.lowerBound * side, height = min(m, range.upperBound * side) - first
            let lines = transposeA ? a + first : a + first * lda
            run(height, n, k, alpha, lines, lda, transposeA, packed, beta, bias, c + first * ldc, ldc, streams)
        }
    }

    /// The right factor `[k, n]`, or `[n, k]` where it lies transposed, as `run` takes it; in parallel outside of parallel loops.
    private static func pack(_ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ n: Int, _ k: Int) -> Storage {
        let columns = (n + CONCORD_SPLIT_SIDE - 1) / CONCORD_SPLIT_SIDE, blocks = (k + CONCORD_SPLIT_DEPTH - 1) / CONCORD_SPLIT_DEPTH
        let packed = Storage(bytes: columns * blocks * CONCORD_SPLIT_BYTES)
        Parallel.run(columns) { concord_split_columns(packed.base, $0.lowerBound, $0.upperBound, b, ldb, transposeB, n, k) }
        return packed
    }

    /// The product with a packed right factor, on this thread.
    private static func run(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool, _ b: Storage,
        _ beta: Float, _ bias: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ streams: Bool
    ) {
        let scratch = Storage(bytes: concord_split_scratch(m, n, k))
        withExtendedLifetime((b, scratch)) {
            concord_split_multiply(m, n, k, alpha, a, lda, transposeA, b.base, beta, bias, c, ldc, streams, scratch.base)
        }
    }
}

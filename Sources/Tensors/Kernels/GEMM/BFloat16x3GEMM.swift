import CKernels

/// float32 GEMM on AMX's bfloat16 tiles (bf16x3): each number is the sum of three bfloat16 ones, and six products of
/// parts replace one, on units more than twelve times as fast.
///
/// Against float64 their errors are half of a plain float32 GEMM's, for sums are rounded less often. On two cores of
/// a Xeon (Sapphire Rapids), packing included: `[4096, 512] [2048, 512]ᵀ` 21 ms against 35, `[1536, 4096] [4096, 512]`
/// 16 against 25. Where another process uses tiles on the other hardware thread of a core, that core runs at a third
/// of this, slower than a plain GEMM.
package enum BFloat16x3GEMM {
    /// The processor has the tiles, the system permits them, and oneDNN may use them too (`ONEDNN_MAX_CPU_ISA`).
    package static let isAvailable: Bool = Processor.hasAMX && concord_bfloat16x3_available()

    /// Whether this is faster than a plain GEMM, packing included.
    package static func suits(_ m: Int, _ n: Int, _ k: Int) -> Bool {
        isAvailable && min(m, n) >= 128 && max(m, n) >= 256 && k >= 192
    }

    /// `c = alpha op(a) op(b) + bias`, or `+ beta c`, on row-major memory; in parallel outside of parallel loops.
    /// - Parameters: as `GEMM.multiply`'s.
    package static func multiply(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>,
        _ ldb: Int, _ transposeB: Bool, _ beta: Float, bias: UnsafePointer<Float>? = nil,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        let streams = Streaming.suits(c, rows: m, width: n, stride: ldc) && beta == 0 && k <= CONCORD_BFLOAT16X3_INNER
        // Parts of the inner axis, at whose ends sums are written to memory anyway: no number depends on them.
        let part = max(1, packedBytes / (bytes * n) / CONCORD_BFLOAT16X3_INNER) * CONCORD_BFLOAT16X3_INNER
        for first in stride(from: 0, to: k, by: part) {
            let product = Part(
                k: min(part, k - first), alpha: alpha, lda: lda, transposeA: transposeA, ldb: ldb,
                transposeB: transposeB,
                beta: first == 0 ? beta : 1, ldc: ldc, streams: streams)
            let a = transposeA ? a + first * lda : a + first, b = transposeB ? b + first : b + first * ldb
            product.run(m, n, a, b, bias: first == 0 ? bias : nil, c)
        }
    }

    /// Bytes of a packed number.
    private static let bytes = CONCORD_BFLOAT16X3_BYTES / (CONCORD_BFLOAT16X3_SIDE * CONCORD_BFLOAT16X3_DEPTH)
    /// About how many of the right factor are packed at a time.
    private static let packedBytes = 16 << 20

    /// A product whose inner axis is short enough for the right factor to be packed.
    private struct Part {
        let k: Int
        let alpha: Float
        let lda: Int, transposeA: Bool
        let ldb: Int, transposeB: Bool
        let beta: Float
        let ldc: Int
        let streams: Bool

        /// Some of the longer side at a time, so that a thread on a slow core takes fewer.
        func run(
            _ m: Int, _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
            _ c: UnsafeMutablePointer<Float>
        ) {
            let side = CONCORD_BFLOAT16X3_SIDE
            guard m < n else {
                let packed = pack(b, n), height = share(of: m, atLeast: 128, atMost: 256)
                return Parallel.runDynamically((m + height - 1) / height) {
                    let first = $0 * height, lines = transposeA ? a + first : a + first * lda
                    multiply(min(height, m - first), n, lines, packed, bias, c + first * ldc)
                }
            }
            let width = share(of: n, atLeast: 256, atMost: max(1024, packedBytes / 2 / (bytes * k) / side * side))
            Parallel.runDynamically((n + width - 1) / width) {
                let first = $0 * width, some = min(width, n - first)
                // by this thread alone: it is in a loop
                let packed = pack(transposeB ? b + first * ldb : b + first, some)
                multiply(m, some, a, packed, bias.map { $0 + first }, c + first)
            }
        }

        /// An eighth of a thread's part, in whole panels and within limits.
        private func share(of count: Int, atLeast least: Int, atMost most: Int) -> Int {
            let side = CONCORD_BFLOAT16X3_SIDE
            return min(most, max(least, count / (8 * Threads.count) / side * side))
        }

        /// `n` columns of the right factor; in parallel outside of parallel loops.
        private func pack(_ b: UnsafePointer<Float>, _ n: Int) -> Storage {
            let columns = (n + CONCORD_BFLOAT16X3_SIDE - 1) / CONCORD_BFLOAT16X3_SIDE,
                blocks = (k + CONCORD_BFLOAT16X3_DEPTH - 1) / CONCORD_BFLOAT16X3_DEPTH
            let packed = Storage(bytes: columns * blocks * CONCORD_BFLOAT16X3_BYTES)
            Parallel.run(columns) {
                concord_bfloat16x3_pack(packed.base, $0.lowerBound, $0.upperBound, b, ldb, transposeB, n, k)
            }
            return packed
        }

        /// On this thread.
        private func multiply(
            _ m: Int, _ n: Int, _ a: UnsafePointer<Float>, _ b: Storage, _ bias: UnsafePointer<Float>?,
            _ c: UnsafeMutablePointer<Float>
        ) {
            let scratch = Storage(bytes: concord_bfloat16x3_scratch(m, n, k))
            withExtendedLifetime((b, scratch)) {
                concord_bfloat16x3_multiply(
                    m, n, k, alpha, a, lda, transposeA, b.base, beta, bias, c, ldc, streams, scratch.base)
            }
        }
    }
}

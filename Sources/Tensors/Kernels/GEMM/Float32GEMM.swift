import CKernels

/// float32 GEMM of our own on AVX-512: the right factor is packed once for all threads, and blocks of the result are
/// scheduled dynamically, so that a core that another process uses computes fewer.
///
/// On two cores of an AMD EPYC (Zen 4; 235 GFLOP/s of multiply-adds in registers) beside OpenBLAS 0.3.21, packing
/// included: `[4096, 512] [512, 2048]` 220 and 202 GFLOP/s, `[4096, 2048] [512, 2048]ᵀ` 215 and 200, `[4096, 512]ᵀ
/// [4096, 2048]` 204 and 201; `[12544, 64] [64, 256]` 203 and 174. On two of Zen 5 (516) the first three run at 470, 460
/// and 380 to 440: where a's rows are columns in memory, the speed is that of the accesses.
package enum Float32GEMM {
    /// The processor has the vectors, and the libraries may use them too (`ONEDNN_MAX_CPU_ISA`).
    package static let isAvailable: Bool = Processor.hasAVX512 && concord_float32_gemm_available()

    /// Whether this is faster than OpenBLAS, where it is at all: there are rows enough to pay for the packing of b.
    package static func suits(_ m: Int, _ n: Int, _ k: Int) -> Bool {
        isAvailable && m >= 192 && n >= 32 && k >= 32
    }

    /// Columns of b that are packed at a time, and about how many bytes of them: they stay in the last cache.
    private static let columns = 4096, packedBytes = 8 << 20
    /// Rows of a block at most, and the fewest; whole tiles.
    private static let rows = CONCORD_FLOAT32_MOST_ROWS, fewestRows = 2 * CONCORD_FLOAT32_ROWS
    /// Panels of columns of a block, where rows alone give too few blocks.
    private static let panels = 16

    /// `c = alpha op(a) op(b) + bias`, or `+ beta c`, on row-major memory; in parallel outside of parallel loops.
    ///
    /// c's numbers depend neither on the number of threads nor on which of its rows and columns a call computes: sums
    /// are rounded to memory after every `CONCORD_FLOAT32_INNER` inner numbers, wherever parts end.
    /// - Parameters: as `GEMM.multiply`'s.
    package static func multiply(
        _ m: Int, _ n: Int, _ k: Int, _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int, _ transposeA: Bool,
        _ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, _ beta: Float, bias: UnsafePointer<Float>? = nil,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        let inner = CONCORD_FLOAT32_INNER, width = min(n, columns)
        let streams = Streaming.suits(c, rows: m, width: n, stride: ldc) && beta == 0 && k <= inner
        // Parts of the inner axis are whole blocks, at whose ends sums are written to memory anyway.
        let depth = max(1, packedBytes / (4 * width * inner)) * inner
        let packed = Storage(bytes: 4 * min(k, depth) * whole(width))
        for left in stride(from: 0, to: n, by: width) {
            for first in stride(from: 0, to: k, by: depth) {
                let part = Part(
                    m: m, n: min(width, n - left), k: min(depth, k - first), alpha: alpha, lda: lda,
                    transposeA: transposeA, beta: first == 0 ? beta : 1, ldc: ldc, streams: streams)
                part.pack(transposeB ? b + left * ldb + first : b + first * ldb + left, ldb, transposeB, into: packed)
                part.run(
                    transposeA ? a + first * lda : a + first, packed, bias: first == 0 ? bias.map { $0 + left } : nil,
                    c + left)
            }
        }
    }

    /// `n` columns in whole panels.
    private static func whole(_ n: Int) -> Int {
        (n + CONCORD_FLOAT32_COLUMNS - 1) / CONCORD_FLOAT32_COLUMNS * CONCORD_FLOAT32_COLUMNS
    }

    /// A product whose right factor is packed at once.
    private struct Part {
        let m: Int, n: Int, k: Int
        let alpha: Float
        let lda: Int, transposeA: Bool
        let beta: Float
        let ldc: Int
        let streams: Bool

        private var allPanels: Int { whole(n) / CONCORD_FLOAT32_COLUMNS }

        func pack(_ b: UnsafePointer<Float>, _ ldb: Int, _ transposeB: Bool, into packed: Storage) {
            let to = packed.base.assumingMemoryBound(to: Float.self)
            let some = 4, runs = (allPanels + some - 1) / some
            Parallel.runDynamically(runs, grain: max(1, 1 << 15 / (some * CONCORD_FLOAT32_COLUMNS * k))) {
                concord_float32_gemm_pack(to, some * $0, min(allPanels, some * ($0 + 1)), b, ldb, transposeB, n, k)
            }
        }

        /// A sixteenth of a thread's rows at a time, within limits; of few rows some of the columns too.
        func run(
            _ a: UnsafePointer<Float>, _ packed: Storage, bias: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>
        ) {
            let from = packed.base.assumingMemoryBound(to: Float.self)
            let wanted = 16 * Threads.count, tile = CONCORD_FLOAT32_ROWS
            let height = min(rows, max(fewestRows, (m / wanted + tile - 1) / tile * tile))
            let down = (m + height - 1) / height, across = down >= wanted / 2 ? 1 : max(1, allPanels / panels)
            let work = 2 * height * k * n / across
            Parallel.runDynamically(down * across, grain: max(1, 1 << 20 / max(1, work))) { block in
                let first = block % down * height, column = block / down
                let scratch = Storage(bytes: 4 * concord_float32_gemm_scratch())
                concord_float32_gemm_multiply(
                    min(height, m - first), n, k, allPanels * column / across, allPanels * (column + 1) / across, alpha,
                    transposeA ? a + first : a + first * lda, lda, transposeA, from, beta, bias, c + first * ldc, ldc,
                    streams, scratch.base.assumingMemoryBound(to: Float.self))
            }
            withExtendedLifetime(packed) {}
        }
    }
}

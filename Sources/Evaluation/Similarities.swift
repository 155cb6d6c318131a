import ConcordTensors

/// Cosine similarities of many rows with many others, a block of rows at a time.
enum Similarities {
    /// Calls `body` with each row's number and its similarities to all of `candidates`, in order.
    static func forEachRow(
        of queries: Tensor, against candidates: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let q = queries.detached.l2Normalized(), c = candidates.detached.l2Normalized()
        let count = q.shape[0], others = c.shape[0], width = q.shape[1], block = 1024
        let scores = Tensor(uninitialized: [min(block, count), others])
        for first in stride(from: 0, to: count, by: block) {
            let rows = min(block, count - first)
            GEMM.multiply(
                m: rows, n: others, k: width, q.float32Pointer + first * width, lda: width, c.float32Pointer,
                ldb: width,
                transposeB: true, scores.float32Pointer,
                ldc: others)
            for row in 0..<rows {
                body(first + row, UnsafeBufferPointer(start: scores.float32Pointer + row * others, count: others))
            }
        }
    }
}

import ConcordTensors

/// Cosine similarities of many rows with many others, a block of rows at a time.
enum Similarities {
    /// Calls `body` with each row's number and its similarities to all of `candidates`, in order.
    static func forEachRow(
        of queries: Tensor, against candidates: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let candidates = candidates.detached.l2Normalized()
        queries.detached.l2Normalized().forEachRow(ofProductWith: candidates, body)
    }

    /// Calls `body` with each block's first row and its similarities `[rows, M]`, in order.
    static func forEachBlock(of queries: Tensor, against candidates: Tensor, _ body: (Int, Tensor) -> Void) {
        let queries = queries.detached.l2Normalized(), candidates = candidates.detached.l2Normalized()
        let count = queries.shape[0], block = 1024
        for first in stride(from: 0, to: count, by: block) {
            let rows = queries.sliced(first..<min(count, first + block), axis: 0)
            body(first, rows.matmul(candidates, transposing: .right))
        }
    }
}

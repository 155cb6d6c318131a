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
}

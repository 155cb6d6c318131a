import CBridges

/// Floats below 1.2e-38, which lost their leading bit, count as zero inside of computations.
///
/// Intel's processors take over a hundred cycles for each of them, and a softmax over far-apart logits is full of them:
/// a step of `concord-bench`'s bert-small took 9.3 s with and 1.8 s without. XLA and TensorFlow do the same. The
/// caller's own mode is back when an operation returns; threads of the pool, which start inside of one, keep it.
enum FloatMode {
    static func flushing<R>(_ body: () -> R) -> R {
        let mode = concord_flush_subnormals()
        defer { concord_restore_float_mode(mode) }
        return body()
    }
}

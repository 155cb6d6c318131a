import ConcordFiles
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Memory for logits of InfoNCE between its forward and its backward pass.
///
/// What the forward pass keeps, the backward pass need not multiply again: three products of embeddings instead of
/// four. What does not fit is computed again, with the same bits, so that no result depends on the limit. In bfloat16
/// the backward pass takes logits of cosines in 16 bits, in steps of a 65535th of their range, whether kept or not.
public enum LogitMemory {
    /// At most so many bytes of logits are kept by each loss.
    ///
    /// Where it was not set: `CONCORD_LOGITS_MIB` in the environment, or a sixteenth of the memory that was available
    /// at first use, and at most 1088 MiB (16384 pairs take 1025, in bfloat16 half of it).
    public static var limit: Int {
        get { Context.logitLimit ?? value.load(ordering: .relaxed) }
        set { value.store(max(0, newValue), ordering: .relaxed) }
    }

    /// Runs `body` with another limit for the losses that this thread computes.
    package static func with<R, E: Error>(limit: Int, _ body: () throws(E) -> R) throws(E) -> R {
        try Context.with(logitLimit: limit, body)
    }

    private static let value = Atomic<Int>(initial)

    private static var initial: Int {
        if let text = getenv("CONCORD_LOGITS_MIB").map({ String(cString: $0) }), let count = Int(text), count >= 0 {
            return min(count, 1 << 40) << 20
        }
        return min(1088 << 20, (MemoryLimit.current?.available ?? 0) / 16)
    }
}

/// Tiles of logits that a forward pass keeps for its backward pass, which takes each of them once.
final class KeptLogits {
    private var tiles: [Int: Tensor] = [:]
    /// How many rows' logits are kept, whether taken or not.
    private(set) var rows = 0
    private var left = LogitMemory.limit

    /// Memory `[rows, stride]` for the tile that begins with row `first`; nil where it exceeds the limit.
    /// - Parameter type: float32, or of 16 bits, for `concord_contrast_pack`.
    func makeTile(first: Int, rows: Int, stride: Int, _ type: ElementType) -> Tensor? {
        let bytes = rows * stride * type.size
        guard bytes <= left else { return nil }
        left -= bytes
        self.rows += rows
        let tile = Tensor(uninitialized: [rows, stride], type)
        tiles[first] = tile
        return tile
    }

    /// The logits of the tile that begins with row `first`, which the caller may overwrite; nil if they were not kept
    /// or are taken.
    func takeTile(first: Int) -> Tensor? { tiles.removeValue(forKey: first) }
}

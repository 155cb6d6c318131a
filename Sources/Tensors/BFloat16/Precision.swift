import Synchronization

/// What activations and products are held in.
///
/// Under `bfloat16` linear maps, matrix products, convolutions, attention and embedding lookups take float32 or
/// bfloat16 and give bfloat16; their products add up in float32. Normalizations, activations, poolings, dropout and
/// sums of activations compute in float32 and write what they were given. Every other operation widens its inputs and
/// gives float32. Parameters, their gradients, statistics, softmax, losses and optimizers are float32, so a checkpoint
/// is the same under both. Under `float32`, where the processor has AMX's tiles, large products split each number into
/// three of bfloat16, exactly, and add up the products of parts in float32: their errors are below those of plain
/// float32 products, and infinite factors give not-a-number. `ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16` in the environment
/// forbids it, and bfloat16 the tiles.
/// - Source: Micikevicius et al. 2017, arXiv:1710.03740; Kalamkar et al. 2019, arXiv:1905.12322 (bfloat16 needs no loss
///   scaling); Henry, Tang, Heinecke 2019, arXiv:1904.06376 (float32 in three parts).
public enum Precision: String, Sendable, CaseIterable, Codable {
    /// Everything in float32.
    case float32
    /// Activations, cotangents and matrix products in bfloat16; parameters, statistics and losses in float32.
    case bfloat16

    /// This precision where the processor has instructions for it, else float32; the first time in a process that
    /// bfloat16 becomes float32, the handler of `setFallbackHandler` is called.
    public var available: Precision {
        available(hasInstructions: Processor.hasBFloat16) { warning in
            guard Self.hasWarned.exchange(true, ordering: .relaxed) == false else { return }
            Self.fallbackHandler.withLock { $0 }?(warning)
        }
    }

    /// Sets what is done with the warning that bfloat16 became float32; without a handler nothing is.
    public static func setFallbackHandler(_ handler: @escaping @Sendable (_ warning: String) -> Void) {
        fallbackHandler.withLock { $0 = handler }
    }

    package func available(hasInstructions: Bool, warn: (String) -> Void) -> Precision {
        guard self == .bfloat16, !hasInstructions else { return self }
        warn(
            """
            this processor has no bfloat16 instructions (AVX512-BF16 or AMX); precision float32 is used instead
            """)
        return .float32
    }

    private static let hasWarned = Atomic<Bool>(false)
    private static let fallbackHandler = Mutex<(@Sendable (String) -> Void)?>(nil)
}

extension Precision {
    /// Whether an operation on these values computes in bfloat16: under that precision, or where one of them has that
    /// element type.
    package static func isBFloat16(for values: Tensor...) -> Bool {
        Context.current.precision == .bfloat16 || values.contains { $0.elementType == .bfloat16 }
    }
}

/// Runs `body` with activations and products in `precision`, or in float32 where the processor has no instructions for
/// it.
///
/// ```swift
/// let (loss, gradients) = withPrecision(.bfloat16) { valueWithGradient { clip(batch) } }
/// ```
public func withPrecision<R, E: Error>(_ precision: Precision, _ body: () throws(E) -> R) throws(E) -> R {
    let precision = precision.available
    return try Context.with({ $0.precision = precision }, body)
}

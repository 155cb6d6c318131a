extension Precision {
    /// The precision in which this processor trains faster: bfloat16 where it has instructions for it, else float32.
    ///
    /// ```swift
    /// let precision = Precision.fastest
    /// let loss = withPrecision(precision) { Tensor(ones: [64, 64]).matmul(Tensor(ones: [64, 64])).mean() }
    /// print(loss.item, precision, Precision.reasonForFastest)
    /// ```
    /// The same for all models and data: parameters, statistics and losses are float32 under both.
    public static var fastest: Precision { preference(hasInstructions: Processor.hasBFloat16).precision }

    /// Why `fastest` is what it is, in a few words: `native here`, `no native bfloat16`.
    public static var reasonForFastest: String { preference(hasInstructions: Processor.hasBFloat16).reason }

    /// The one place that decides which precision is the faster.
    package static func preference(hasInstructions: Bool) -> (precision: Precision, reason: String) {
        hasInstructions ? (.bfloat16, "native here") : (.float32, "no native bfloat16")
    }
}

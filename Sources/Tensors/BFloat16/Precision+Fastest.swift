extension Precision {
    /// The precision in which this processor trains faster: bfloat16 where it has instructions for it, unless the
    /// current ``KernelTable`` has measured that it is slower; else float32.
    ///
    /// ```swift
    /// let precision = Precision.fastest
    /// let loss = withPrecision(precision) { Tensor(ones: [64, 64]).matmul(Tensor(ones: [64, 64])).mean() }
    /// print(loss.item, precision, Precision.reasonForFastest)
    /// ```
    /// The same for all models and data: parameters, statistics and losses are float32 under both.
    public static var fastest: Precision { preference.precision }

    /// Why `fastest` is what it is, in a few words: `native here`, `no native bfloat16`.
    public static var reasonForFastest: String { preference.reason }

    private static var preference: (precision: Precision, reason: String) {
        preference(hasInstructions: Processor.hasBFloat16, gain: KernelTable.current.bfloat16Gain)
    }

    /// The one place that decides which precision is the faster.
    /// - Parameter gain: how many times as fast a step in bfloat16 was measured to be; nil where it was not.
    package static func preference(
        hasInstructions: Bool, gain: Double? = nil
    ) -> (precision: Precision, reason: String) {
        guard hasInstructions else { return (.float32, "no native bfloat16") }
        if let gain, gain < 1 { return (.float32, "measured to be faster here") }
        return (.bfloat16, "native here")
    }
}

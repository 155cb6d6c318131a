import ConcordObjectives

/// How a softmax over the batch weighs its negatives and positives: keys that objectives with `InfoNCE` have in
/// common.
///
/// ```yaml
/// objective: {name: simclr, decoupled: true}                           # DCL; with decoupled_sigma: 0.5, DCLW
/// objective: {name: simclr, hard_negatives: 1}                         # beta of Robinson et al.
/// objective: {name: simclr, debiased: 0.1}                             # tau+ of Chuang et al.
/// ```
public struct NegativeSettings: Sendable {
    /// Whether positives are left out of the denominator.
    public let isDecoupled: Bool
    /// sigma of the positives' weights; 0 where all weigh the same.
    public let sigma: Double
    /// beta of the negatives' weights; 0 where all weigh the same.
    public let hardness: Double
    /// tau+, the probability that a negative is of the anchor's class.
    public let classPrior: Double

    init(_ fields: Fields) throws {
        isDecoupled = try fields.flag(
            "decoupled", default: false, "Whether positives are left out of the denominator (DCL).")
        sigma =
            isDecoupled
            ? try fields.number(
                "decoupled_sigma", default: 0, in: 0...1e4,
                "Near pairs weigh less the smaller it is (DCLW, 0.5 in the paper); 0: all weigh the same.") : 0
        hardness = try fields.number(
            "hard_negatives", default: 0, in: 0...100,
            "beta: negatives weigh e^(beta similarity / temperature); 0: all weigh the same.")
        classPrior = try fields.number(
            "debiased", default: 0, in: 0...0.99,
            "tau+: the probability that a negative is of its anchor's class, which is corrected for; 0: none is.")
    }

    /// The loss with these weights.
    func loss(temperature: InfoNCE.Temperature, smoothing: Double = 0) -> InfoNCE {
        InfoNCE(
            temperature: temperature, decoupled: isDecoupled, hardNegativeWeight: Float(hardness),
            smoothing: Float(smoothing), classPrior: Float(classPrior),
            positiveWeightSigma: sigma > 0 ? Float(sigma) : nil)
    }
}

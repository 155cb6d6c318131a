public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// How a token is drawn from a language model's logits: temperature, then top-k, then top-p.
///
/// ```swift
/// let sampling = TokenSampling(temperature: 0.8, topK: 40, topP: 0.95)
/// var random = RandomKey(seed: 0).sequence
/// let token = sampling.draw(from: model.nextLogits(ids).scalars, using: &random)
/// ```
/// - Source: Fan et al. 2018, arXiv:1805.04833 (top-k); Holtzman et al. 2019, arXiv:1904.09751 (top-p). As Hugging
///   Face's: tokens as likely as the k-th stay, and top-p keeps the token with which the sum reaches p.
public struct TokenSampling: Sendable, Hashable {
    /// Divides the logits; 0 takes the likeliest token.
    public let temperature: Float
    /// Only the k likeliest tokens are drawn; all where nil.
    public let topK: Int?
    /// Only the smallest set of likeliest tokens whose probabilities add up to p; all at 1.
    public let topP: Float

    /// - Parameters:
    ///   - temperature: 0 or more.
    ///   - topK: at least 1; nil for all tokens.
    ///   - topP: above 0, at most 1.
    public init(temperature: Float = 1, topK: Int? = nil, topP: Float = 1) {
        ShapeCheck.require(
            temperature >= 0 && temperature.isFinite && (topK ?? 1) > 0 && topP > 0 && topP <= 1, "TokenSampling",
            "temperature \(temperature), top-k \(topK ?? 0), top-p \(topP)")
        (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
    }

    /// The probability of every token to be drawn.
    /// - Parameters:
    ///   - logits: one a token.
    ///   - excluded: ids that are never drawn.
    public func probabilities(_ logits: [Float], excluding excluded: Set<Int32> = []) -> [Double] {
        var result = [Double](repeating: 0, count: logits.count)
        let allowed = logits.indices.filter { !excluded.contains(Int32($0)) }
        // The likeliest first; of equal ones the first.
        var order = allowed.sorted { (logits[$0], $1) > (logits[$1], $0) }
        guard let best = order.first else { return result }
        guard temperature > 0 else {
            result[best] = 1
            return result
        }
        if let topK, topK < order.count {
            let least = logits[order[topK - 1]]
            order = Array(order.prefix { logits[$0] >= least })
        }
        let weights = order.map { exp(Double(logits[$0] - logits[best]) / Double(temperature)) }
        let total = weights.reduce(0, +)
        var kept = 0.0, count = 0
        for weight in weights where topP == 1 || kept < Double(topP) * total {
            kept += weight
            count += 1
        }
        for place in 0..<count { result[order[place]] = weights[place] / kept }
        return result
    }

    /// A token by its probability.
    /// - Parameters:
    ///   - logits: one a token, at least one of them not excluded.
    ///   - excluded: ids that are never drawn.
    public func draw(
        from logits: [Float], excluding excluded: Set<Int32> = [], using random: inout RandomSequence
    ) -> Int32 {
        let probabilities = probabilities(logits, excluding: excluded)
        let wanted = Double(random.uniform())
        var sum = 0.0, last = 0
        for (id, probability) in probabilities.enumerated() where probability > 0 {
            sum += probability
            last = id
            if wanted < sum { break }
        }
        return Int32(last)
    }
}

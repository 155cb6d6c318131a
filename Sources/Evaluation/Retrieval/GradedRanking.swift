import ConcordTensors

/// Rankings by answers that are right to a degree.
public enum GradedRanking {
    /// Normalized discounted cumulative gain: the sum of `relevance / log2(rank + 1)` over the first k, divided by that
    /// of the best order. Candidates of equal score share their mean relevance.
    ///
    /// ```swift
    /// let score = GradedRanking.ndcg(relevance: [3, 0, 1], scores: [0.9, 0.9, 0.2], k: 2)
    /// ```
    ///
    /// scikit-learn's `ndcg_score` of one query with its default for ties, but for a query without anything relevant,
    /// for which that returns 0.
    ///
    /// - Parameters:
    ///   - relevance: of each candidate, 0 or more.
    ///   - scores: of each candidate, higher for better ones; none of them not-a-number.
    ///   - k: how many of the first count; all where nil.
    /// - Returns: in `0...1`; nil where nothing is relevant.
    /// - Source: Järvelin, Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques"; ties by McSherry,
    ///   Najork 2008.
    public static func ndcg(relevance: [Double], scores: [Double], k: Int? = nil) -> Double? {
        ShapeCheck.require(
            relevance.count == scores.count && relevance.allSatisfy { $0 >= 0 } && !scores.contains(where: \.isNaN),
            "GradedRanking",
            "\(relevance.count) relevances from \(relevance.min() ?? 0) for \(scores.count) scores")
        let k = k ?? scores.count
        let ideal = relevance.sorted(by: >).prefix(k).enumerated().reduce(0) {
            $0 + $1.element * Discount.of(place: $1.offset)
        }
        guard ideal > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var gain = 0.0, place = 0
        while place < min(k, order.count) {
            var end = place, sum = 0.0, discounts = 0.0
            while end < order.count, scores[order[end]] == scores[order[place]] {
                sum += relevance[order[end]]
                if end < k { discounts += Discount.of(place: end) }
                end += 1
            }
            gain += sum / Double(end - place) * discounts
            place = end
        }
        return gain / ideal
    }
}

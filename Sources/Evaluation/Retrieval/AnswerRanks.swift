/// Where the right answers of one query rank, with the credit that candidates of equal score share.
///
/// ```swift
/// let ranks = AnswerRanks(scores: [0.9, 0.7, 0.7, 0.1], answers: [1, 3])     // ranks 2 or 3, and 4
/// print(ranks.reciprocalRank, ranks.recall(at: 2))                          // 0.4166…, 0.25
/// ```
///
/// Every value is the expected one under a random order of the candidates of equal score, in closed form. Where `A`
/// candidates, `a` of them right, score higher than a group of `n = r + w` equal ones, `r` of them right:
///
///     P(one of the group is right, at its place j)  = r / n,                        j = 1 ... n, rank A + j
///     E(right ones before it in the group | it is)  = (j - 1) (r - 1) / (n - 1)
///     P(the first right one is at place j)          = C(n - j, r - 1) / C(n, r)     in the best group
///
/// Without ties these are the metrics as everyone defines them.
public struct AnswerRanks: Sendable, Equatable {
    /// Candidates of equal score, some of them right.
    struct Tie: Sendable, Equatable {
        /// Candidates of a higher score, and how many of them are right.
        let above: Int, rightAbove: Int
        /// Those of this score.
        let right: Int, wrong: Int

        var count: Int { right + wrong }
    }

    /// The best first.
    let ties: [Tie]
    /// R, the number of right answers.
    public let answers: Int

    /// - Parameter ties: at least one, the best first.
    init(_ ties: [Tie]) {
        self.ties = ties
        answers = ties.reduce(0) { $0 + $1.right }
    }

    private var best: Tie { ties.first ?? Tie(above: 0, rightAbove: 0, right: 0, wrong: 0) }

    /// The expected rank of the first right answer, from 1: `A + (n + 1) / (r + 1)`.
    public var firstRank: Double { Double(best.above) + Double(best.count + 1) / Double(best.right + 1) }

    /// The probability that a right answer is among the first k: `1 - C(w, m) / C(n, m)` with m of the best group among
    /// them.
    public func hit(at k: Int) -> Double {
        let m = min(max(k - best.above, 0), best.count)
        guard m <= best.wrong else { return 1 }
        // C(w, m) / C(n, m) = product over i < m of (w - i) / (n - i)
        return 1 - (0..<m).reduce(1.0) { $0 * Double(best.wrong - $1) / Double(best.count - $1) }
    }

    /// The fraction of the first k that are right; k above the number of candidates counts places that are empty.
    public func precision(at k: Int) -> Double { found(at: k) / Double(max(1, k)) }

    /// The fraction of the right answers that are among the first k.
    public func recall(at k: Int) -> Double { found(at: k) / Double(max(1, answers)) }

    /// Right answers among the first k.
    private func found(at k: Int) -> Double {
        ties.reduce(0) { sum, tie in
            sum + Double(tie.right) * Double(min(max(k - tie.above, 0), tie.count)) / Double(tie.count)
        }
    }

    /// The inverse of the first right answer's rank.
    public var reciprocalRank: Double {
        let tie = best
        guard tie.count > 0 else { return 0 }
        if tie.right == 1 { return Harmonic.sum(after: tie.above, count: tie.count) / Double(tie.count) }
        var probability = Double(tie.right) / Double(tie.count), sum = 0.0
        for j in 1...tie.wrong + 1 {
            sum += probability / Double(tie.above + j)
            probability *= Double(tie.count - j - tie.right + 1) / Double(tie.count - j)
            if probability < 1e-20 { break }
        }
        return sum
    }

    /// The mean over the right answers of the fraction of right ones up to their rank.
    public var averagePrecision: Double {
        let sum = ties.reduce(0.0) { sum, tie in
            // Over the group's places j: r / n (a + 1 + (j - 1) s) / (A + j), s right ones a place before it.
            let slope = tie.count > 1 ? Double(tie.right - 1) / Double(tie.count - 1) : 0
            let constant = Double(tie.rightAbove + 1) - slope * Double(1 + tie.above)
            let places = slope * Double(tie.count) + constant * Harmonic.sum(after: tie.above, count: tie.count)
            return sum + Double(tie.right) / Double(tie.count) * places
        }
        return sum / Double(max(1, answers))
    }

    /// The sum of `1 / log2(rank + 1)` over the right answers among the first k, divided by that of a perfect order.
    public func ndcg(at k: Int) -> Double {
        let gain = ties.reduce(0.0) { sum, tie in
            let last = min(k, tie.above + tie.count)
            guard last > tie.above else { return sum }
            let discounts = (tie.above..<last).reduce(0.0) { $0 + Discount.of(place: $1) }
            return sum + Double(tie.right) / Double(tie.count) * discounts
        }
        let ideal = (0..<min(k, answers)).reduce(0.0) { $0 + Discount.of(place: $1) }
        return ideal > 0 ? gain / ideal : 0
    }
}

extension AnswerRanks {
    /// - Parameters:
    ///   - scores: of all candidates, higher for better ones; one that is not a number ranks last.
    ///   - answers: the candidates that are right, at least one, without repetition.
    /// - Precondition: answers in `0 ..< scores.count`.
    public init(scores: [Float], answers: [Int]) {
        let scores = scores.map { $0.isNaN ? -Float.infinity : $0 }
        self = scores.withUnsafeBufferPointer { AnswerRanks($0, answers: answers) }
    }

    /// - Parameter scores: none of them not-a-number.
    init(_ scores: UnsafeBufferPointer<Float>, answers: [Int]) {
        let own = answers.map { scores[$0] }.sorted()
        let levels = own.indices.filter { $0 == 0 || own[$0] != own[$0 - 1] }.map { own[$0] }
        let above: [Int], equal: [Int]
        if levels.count == 1 {
            var higher = 0, same = 0
            for score in scores {
                if score > levels[0] { higher += 1 }
                if score == levels[0] { same += 1 }
            }
            (above, equal) = ([higher], [same])
        } else {
            (above, equal) = Self.counts(scores, levels)
        }
        var ties: [Tie] = [], rightAbove = 0, last = own.count
        for level in levels.indices.reversed() {
            var first = last
            while first > 0, own[first - 1] == levels[level] { first -= 1 }
            let right = last - first
            ties.append(
                Tie(above: above[level], rightAbove: rightAbove, right: right, wrong: equal[level] - right))
            rightAbove += right
            last = first
        }
        self.init(ties)
    }

    /// How many scores are above each of several levels, and equal to it.
    /// - Parameter levels: ascending, distinct.
    private static func counts(
        _ scores: UnsafeBufferPointer<Float>, _ levels: [Float]
    ) -> (above: [Int], equal: [Int]) {
        var equal = [Int](repeating: 0, count: levels.count)
        // Scores above a level and below the next.
        var between = equal
        equal.withUnsafeMutableBufferPointer { equal in
            between.withUnsafeMutableBufferPointer { between in
                levels.withUnsafeBufferPointer { levels in
                    for score in scores where score >= levels[0] {
                        var low = 0, high = levels.count  // the last level that is not above the score
                        while high - low > 1 {
                            let middle = (low + high) / 2
                            if levels[middle] <= score { low = middle } else { high = middle }
                        }
                        if levels[low] == score { equal[low] += 1 } else { between[low] += 1 }
                    }
                }
            }
        }
        var above = equal, higher = 0
        for level in levels.indices.reversed() {
            above[level] = higher + between[level]
            higher = above[level] + equal[level]
        }
        return (above, equal)
    }
}

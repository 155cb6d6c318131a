/// Where the best right answer of a query ranks, with the credit that candidates of equal score share.
///
/// Of the candidates whose score equals that of the best right answer, `right` are right and `wrong` are not; `above`
/// wrong ones score higher. Under a random order of the equal ones, with `m = min(max(K - above, 0), right + wrong)` of
/// them among the first K:
///
///     P(a right one is among the first K) = 1 - C(wrong, m) / C(right + wrong, m)
///     E(rank of the first right one)      = above + (right + wrong + 1) / (right + 1)
///
/// Without ties these are 0 or 1, and `above + 1`. With all M candidates equal and one right, R@K is K / M: chance.
struct TiedRank: Equatable {
    let above: Int, right: Int, wrong: Int

    /// From 1.
    var expected: Double { Double(above) + Double(right + wrong + 1) / Double(right + 1) }

    /// The probability that a right candidate is among the first `k`.
    func recall(at k: Int) -> Double {
        let m = min(max(k - above, 0), right + wrong)
        guard m <= wrong else { return 1 }
        // C(w, m) / C(r + w, m) = product over i < m of (w - i) / (r + w - i)
        let miss = (0..<m).reduce(1.0) { $0 * Double(wrong - $1) / Double(right + wrong - $1) }
        return 1 - miss
    }
}

import ConcordTensors

/// The frames that negatives are drawn from.
public enum NegativeFrames: String, Sendable, CaseIterable {
    /// Any real frame of the batch; all queries share one draw. Such negatives make differences between speakers useful
    /// too.
    case batch
    /// Real frames of the query's own sequence; its queries share a draw. What is constant throughout a sequence, such
    /// as a voice, does not distinguish them from the positive.
    case sequence
    /// Real frames of the sequences of the query's group, such as its speaker, in the batch; a sequence's queries share
    /// a draw. What distinguishes the groups does not distinguish negatives from the positive.
    /// - Source: Riviere et al. 2020, arXiv:2002.02848, section 3.1 ("within speaker"), where batches are of one
    ///   speaker each.
    case group

    /// Draws, with replacement; a query's own positive may be among them.
    /// - Parameters:
    ///   - real: the frames to draw from, of each sequence that has queries.
    ///   - keys: one for each of these sequences; the batch's draw has the step's own.
    /// - Returns: `[1, M]` or `[G, M]`, int32.
    func draw(_ count: Int, from real: [[Int32]], keys: [RandomKey]) -> Tensor {
        func drawn(_ frames: [Int32], _ key: RandomKey) -> [Int32] {
            var random = key.sequence
            return (0..<count).map { _ in frames[random.integer(below: frames.count)] }
        }
        switch self {
        case .batch: return Tensor(drawn(real.flatMap { $0 }, Context.current.random.nextKey()), shape: [1, count])
        case .sequence, .group:
            return Tensor(zip(real, keys).flatMap { drawn($0, $1.derived("negatives")) }, shape: [real.count, count])
        }
    }
}

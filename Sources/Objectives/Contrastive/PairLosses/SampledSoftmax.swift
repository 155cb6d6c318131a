import ConcordLayers
public import ConcordTensors

/// The softmax of a query over the candidates of its batch, corrected for how often each is drawn: the loss of two
/// towers, users and items.
///
///     s_ij = cos(a_i, b_j) / temperature - ln q_j
///     loss = mean over i of  log(sum over j of e^(s_ij)) - s_ii
///
/// Popular items are in many batches; without `ln q`, their probability in a batch, the model would push them away from
/// everybody. A candidate that is the same item as the query's own, in another row, is no negative and is left out
/// (an accidental hit). One way only: rows of `a` are queries, rows of `b` candidates.
///
/// ```swift
/// let loss = SampledSoftmax(temperature: .fixed(0.1), counts: interactionsOfEachItem)
/// loss(users, items, labels: itemIDs)
/// ```
/// At chance `ln N` where all items are as frequent.
/// - Source: Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item recommendations" (RecSys),
///   equations 3 to 6, with the frequencies counted over the training rows in place of their streaming estimate;
///   accidental hits as in TensorFlow Recommenders.
public final class SampledSoftmax: PairLoss {
    let softmax: InfoNCE
    /// `ln q` of each item, `[V]`; nil: no correction.
    public let logProbabilities: Tensor?

    public var checkpointNames: [String: String] { ["softmax": ""] }

    /// - Parameters:
    ///   - temperature: above 0.
    ///   - counts: how many training rows have each item, V numbers above 0; nil: no correction.
    public init(temperature: InfoNCE.Temperature = .fixed(0.1), counts: [Int]? = nil) {
        softmax = InfoNCE(temperature: temperature, direction: .oneWay)
        logProbabilities = counts.map { counts in
            ShapeCheck.require(
                counts.allSatisfy { $0 > 0 }, "SampledSoftmax", "an item of no training row among \(counts.count)")
            let all = Double(counts.reduce(0, +))
            return Tensor(counts.map { Float($0) / Float(all) }, shape: [counts.count]).log()
        }
    }

    /// - Parameters:
    ///   - a: queries, `[N, D]`; b: candidates, `[N, D]`.
    ///   - labels: int32 `[N]`: the item of each row of `b`, in `0 ..< V`; nil: all are different, and none is
    ///     corrected.
    /// - Returns: a scalar.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor?) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "SampledSoftmax", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let shift = labels.flatMap { labels in logProbabilities.map { $0.gathered(at: labels) } }
        return softmax.oneWay(a, b, columnShift: shift, groups: labels)
    }

    public func probabilities(_ similarities: Tensor) -> Tensor { softmax.probabilities(similarities) }
    public var metrics: [(name: String, value: Tensor)] { softmax.metrics }
}

import ConcordCommunication
import ConcordLayers
public import ConcordTensors

/// The loss of all ranks' pairs where each has its own alone: memory does not grow with the number of ranks.
///
/// Blocks of embeddings go around the ranks while each computes on the last one. The other form, of embeddings gathered
/// on all ranks (`gatheredFromRanks`) and given to the loss itself, takes the memory of all pairs on each and fewer
/// messages; both give the same loss and gradients, within rounding.
extension InfoNCE {
    /// Most embeddings that travel at a time.
    private static var blockRows: Int { 4096 }

    /// The loss of the pairs of all ranks.
    ///
    /// All ranks of the surrounding communicator call it, each with its own pairs, and all get the same loss. Each
    /// differentiates it over the number of ranks, as the gradient is the sum over ranks. In a process alone it is the
    /// loss itself.
    ///
    /// - Parameters:
    ///   - a, b: this rank's, `[n, D]`; n may differ between ranks. Row i of one is a positive of row i of the other.
    ///   - labels: int32 `[n]`: rows of equal labels are positives, those of other ranks too; on all ranks or on none.
    /// - Returns: a scalar, the mean over the rows of all ranks; `ln N` at chance.
    /// - Precondition: no `positiveWeightSigma`, whose softmax is over the whole batch.
    public func ring(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ring(a, b, labels: labels, blockRows: Self.blockRows)
    }

    /// The loss of two views of each sample of all ranks.
    ///
    /// - Parameters:
    ///   - a, b: the views of this rank's samples, `[n, D]`; n may differ between ranks.
    ///   - labels: int32 `[n]`: samples of equal labels are positives too; on all ranks or on none.
    /// - Returns: a scalar, the mean over the rows of all ranks; `ln(2N - 1)` at chance.
    /// - Precondition: no `positiveWeightSigma`.
    public func ringViews(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ringViews(a, b, labels: labels, blockRows: Self.blockRows)
    }

    package func ring(_ a: Tensor, _ b: Tensor, labels: Tensor?, blockRows: Int) -> Tensor {
        let ranks = Communicator.current
        guard !ranks.isAlone else { return self(a, b, labels: labels) }
        checkRing(a, b)
        ShapeCheck.require(
            !excludesSelf || labels != nil, "InfoNCE",
            "excludesSelf leaves no positive without labels; for two views call ringViews(_:_:)")
        var options = options
        (options.isSymmetric, options.excludesSelf) = (direction == .symmetric, excludesSelf)
        return circulated(
            a, b, labels: labels ?? Self.places(a.shape[0], among: ranks), options: options, ranks, blockRows)
    }

    package func ringViews(_ a: Tensor, _ b: Tensor, labels: Tensor?, blockRows: Int) -> Tensor {
        let ranks = Communicator.current
        guard !ranks.isAlone else { return views(a, b, labels: labels) }
        checkRing(a, b)
        let all = Tensor.concatenated([a, b], axis: 0), own = labels ?? Self.places(a.shape[0], among: ranks)
        var options = options
        // The logits are symmetric: either direction is the whole.
        (options.isSymmetric, options.excludesSelf) = (false, true)
        return circulated(
            all, all, labels: .concatenated([own, own], axis: 0), options: options, ranks, blockRows)
    }

    private func checkRing(_ a: Tensor, _ b: Tensor) {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "InfoNCE", "\(a.shape) against \(b.shape): two [n, D] wanted")
        ShapeCheck.require(
            positiveWeightSigma == nil, "InfoNCE",
            "positiveWeightSigma is a softmax over the whole batch, which no rank of a ring has; gather the embeddings")
    }

    /// Places of this rank's rows among those of all.
    private static func places(_ count: Int, among ranks: Communicator) -> Tensor {
        let first = ranks.gather(count)[..<ranks.rank].reduce(0, +)
        return Tensor((first..<first + count).map { Int32($0) }, shape: [count])
    }

    private func circulated(
        _ a: Tensor, _ b: Tensor, labels: Tensor, options: ContrastOptions, _ ranks: Communicator, _ blockRows: Int
    ) -> Tensor {
        ShapeCheck.require(
            labels.shape == [a.shape[0]], "InfoNCE", "labels \(labels.shape) of \(a.shape)")
        let logScale = logScale
        let ring = ContrastRing(
            a.detached, b.detached, labels: labels, logScale: logScale.item, options: options, ranks: ranks,
            blockRows: blockRows)
        let products = a.count * ring.count
        MultiplyAdds.count(.matmul, products)
        let (loss, coefficients) = ring.forward()
        return Tensor(loss).recorded(from: a, b, logScale, name: "ring") { upstream, needs in
            MultiplyAdds.count(.matmul, (1 + (needs[0] ? 1 : 0) + (needs[1] ? 1 : 0)) * products)
            let (da, db, dscale) = ring.backward(
                coefficients, upstream: upstream.item, needs: (needs[0], needs[1]))
            return [da, db, needs[2] ? Tensor(dscale) : nil]
        }
    }
}

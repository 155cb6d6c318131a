import ConcordCommunication
public import ConcordLayers
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A binary cross-entropy over all pairs of rows: positives against negatives.
///
///     loss = 1/N sum over i, j of  -log sigmoid(y_ij (t cos(a_i, b_j) + bias)),   y = 1 for positives, -1 else
///
/// There is no softmax over a batch, so small batches do better than with InfoNCE. `t` and `bias` are learned. The
/// initial bias makes nearly all pairs negatives, as nearly all are.
///
/// ```swift
/// SigmoidLoss()                                                         // t 10, bias -10: SigLIP's
/// ```
///
/// Exact in row tiles: the N x N logits never exist at once, in the forward or the backward pass, which recomputes
/// them. Where ranks share the batch, each computes the tiles of its rows.
/// - Source: Zhai, Mustafa, Kolesnikov, Beyer 2023, arXiv:2303.15343, algorithm 1; several positives a row by equal
///   labels are ours.
public final class SigmoidLoss: PairLoss {
    /// `ln t`, of shape `[]`.
    public let logitScale: Parameter
    /// Of shape `[]`.
    public let logitBias: Parameter

    /// - Parameters:
    ///   - scale: initial t, above 0.
    ///   - bias: initial bias.
    public init(scale: Float = 10, bias: Float = -10) {
        ShapeCheck.require(scale > 0, "SigmoidLoss", "scale \(scale) is not above 0")
        logitScale = Parameter([], .constant(log(scale)))
        logitBias = Parameter([], .constant(bias))
    }

    /// The loss over all N x N pairs of rows.
    /// - Parameters:
    ///   - a, b: `[N, D]`.
    ///   - labels: int32 `[N]`: rows of equal labels are positives; nil: row i and row i alone.
    /// - Returns: a scalar, the sum over pairs divided by N.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2, "SigmoidLoss", "\(a.shape) against \(b.shape): two [N, D] wanted")
        let tiles = SigmoidTiles(count: a.shape[0], labels: labels)
        let inputs = [a, b].map { $0.l2Normalized().converted(to: .float32) } + [logitScale.value, logitBias.value]
        return .custom(inputs, name: "sigmoidLoss", forward: tiles.loss) { inputs, _, upstream, _ in
            tiles.gradients(of: inputs, upstream: upstream)
        }
    }

    /// The probability of each class by itself; rows need not add up to 1.
    public func probabilities(_ similarities: Tensor) -> Tensor {
        (similarities * logitScale.value.exp() + logitBias.value).sigmoid()
    }

    public var metrics: [(name: String, value: Tensor)] {
        [("logit_scale", logitScale.value.detached.exp()), ("logit_bias", logitBias.value.detached)]
    }
}

/// The loss over all N x N pairs of rows, a tile of rows at a time.
///
/// Ranks that share the batch divide the rows: the loss is whole on each, and the gradients are what the rank's rows
/// contribute, times the number of ranks, so that their mean over ranks is the gradient.
///
/// Inputs are a and b, unit vectors `[N, D]`, and `ln t` and the bias, `[]`.
private struct SigmoidTiles: Sendable {
    /// Number N of rows of either side.
    let count: Int
    let labels: Tensor
    /// This rank's rows, and their tiles.
    let part: Range<Int>, ranges: [Range<Int>]
    let ranks: Communicator

    /// - Parameter labels: int32 `[N]`; nil: the only positive of a row is its own.
    init(count: Int, labels: Tensor?) {
        self.count = count
        self.labels = labels ?? Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let rows = max(1, (1 << 20) / max(1, count))  // 4 MiB of logits
        let current = Communicator.replicating
        ranks = count < 2 * current.count ? .single : current  // too few rows to divide
        let part = ranks.rank * count / ranks.count..<(ranks.rank + 1) * count / ranks.count
        ranges = stride(from: part.lowerBound, to: part.upperBound, by: rows).map {
            $0..<min($0 + rows, part.upperBound)
        }
        self.part = part
    }

    /// The signed logits of a tile, `-y (t cos + bias)`, its cosines, and which pairs are positives, `[R, N]` each.
    private func tile(_ rows: Range<Int>, of inputs: [Tensor]) -> (signed: Tensor, cosines: Tensor, positives: Tensor) {
        let cosines = withPrecision(.float32) {
            inputs[0].sliced(rows, axis: 0).matmul(inputs[1], transposing: .right)
        }
        let logits = cosines * inputs[2].exp() + inputs[3]
        let own = labels.sliced(rows, axis: 0).reshaped([rows.count, 1])
        let positives = own .== labels.reshaped([1, count])
        return (positives.selecting(0 - logits, otherwise: logits), cosines, positives)
    }

    func loss(_ inputs: [Tensor]) -> Tensor {
        let sum = ranges.reduce(0.0) { $0 + Double(tile($1, of: inputs).signed.softplus().sum().item) }
        return Tensor(Float(ranks.sum([sum])[0] / Double(max(1, count))))
    }

    func gradients(of inputs: [Tensor], upstream: Tensor) -> [Tensor?] {
        let factor = upstream * Float(ranks.count) / Float(max(1, count)), t = inputs[2].exp()
        var da: [Tensor] = [], db = Tensor(zeros: inputs[1].shape), dScale = 0.0, dBias = 0.0
        for rows in ranges {
            let (signed, cosines, positives) = tile(rows, of: inputs)
            let slopes = signed.sigmoid() * factor
            let dLogits = positives.selecting(0 - slopes, otherwise: slopes)  // [R, N]
            dScale += Double((dLogits * cosines).sum().item)
            dBias += Double(dLogits.sum().item)
            withPrecision(.float32) {
                da.append(dLogits.matmul(inputs[1]) * t)
                db = db + dLogits.matmul(inputs[0].sliced(rows, axis: 0), transposing: .left) * t
            }
        }
        if !ranks.isAlone {  // other ranks have the other rows
            let width = inputs[0].shape[1]
            da = [Tensor(zeros: [part.lowerBound, width])] + da + [Tensor(zeros: [count - part.upperBound, width])]
        }
        return [
            .concatenated(da, axis: 0), db, Tensor(Float(dScale) * t.item), Tensor(Float(dBias)),
        ]
    }
}

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
/// them.
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
/// Inputs are a and b, unit vectors `[N, D]`, and `ln t` and the bias, `[]`.
private struct SigmoidTiles: Sendable {
    /// Number N of rows of either side.
    let count: Int
    let labels: Tensor
    let ranges: [Range<Int>]

    /// - Parameter labels: int32 `[N]`; nil: the only positive of a row is its own.
    init(count: Int, labels: Tensor?) {
        self.count = count
        self.labels = labels ?? Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let rows = max(1, (1 << 20) / max(1, count))  // 4 MiB of logits
        ranges = stride(from: 0, to: count, by: rows).map { $0..<min($0 + rows, count) }
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
        return Tensor(Float(sum / Double(max(1, count))))
    }

    func gradients(of inputs: [Tensor], upstream: Tensor) -> [Tensor?] {
        let factor = upstream / Float(max(1, count)), t = inputs[2].exp()
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
        return [
            .concatenated(da, axis: 0), db, Tensor(Float(dScale) * t.item), Tensor(Float(dBias)),
        ]
    }
}

public import ConcordTensors

/// Values of a computation that ranks share, with gradients.
///
/// The loss of the whole is the **sum** over ranks of what each of them differentiates, and so is its gradient: a rank
/// whose loss is a mean over its own samples weighs it by their fraction; where all ranks compute the same loss from
/// gathered values, each differentiates it over the number of ranks.
extension Tensor {
    /// The rows of all ranks behind each other.
    /// - Parameter rows: each rank's number of rows; nil: they are asked for.
    /// - Returns: `[N, ...]`; in a process alone, this tensor. The gradient of a rank's rows is the sum of what all ranks
    ///   find for them.
    public func gatheredFromRanks(rows: [Int]? = nil) -> Tensor {
        let ranks = Communicator.current
        guard !ranks.isAlone else { return self }
        let rows = rows ?? ranks.gather(shape[0]), type = elementType
        return ranks.gather(detached, rows: rows).recorded(from: self, name: "gather") { upstream, _ in
            [ranks.sumScattered(upstream.cast(to: .float32), rows: rows).cast(to: type)]
        }
    }

    /// The sum over ranks of tensors of one shape.
    /// - Returns: in a process alone, this tensor.
    public func summedOverRanks() -> Tensor {
        let ranks = Communicator.current
        guard !ranks.isAlone else { return self }
        return ranks.sum(detached.cast(to: .float32)).recorded(from: self, name: "sum") { upstream, _ in
            [ranks.sum(upstream.cast(to: .float32))]
        }
    }
}

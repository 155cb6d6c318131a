public import ConcordTensors

/// Long short-term memories: a state and a cell that are carried through a sequence, in one or several layers.
///
/// ```swift
/// let context = LSTM(256, hidden: 256)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// ```
/// - Source: Hochreiter, Schmidhuber 1997, "Long short-term memory"; formula, names and first values are
///   `torch.nn.LSTM`'s with `batch_first`.
public final class LSTM: SequenceLayer {
    /// One a layer; their parameters stand in checkpoints under the recurrence's own name.
    public let cells: [RecurrentCell]
    public let outputDimension: Int

    public var checkpointNames: [String: String] { ["cells": ""] }

    /// - Parameters:
    ///   - inputs: C.
    ///   - hidden: H, the size of the state.
    ///   - bias: whether the gates have biases, one for the inputs' share and one for the state's.
    public init(_ inputs: Int, hidden: Int, layers: Int = 1, bias: Bool = true) {
        cells = RecurrentCell.stack(inputs, hidden: hidden, layers: layers, gates: 4, bias: bias, in: "LSTM")
        outputDimension = hidden
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil. Elsewhere state and cell stand still and the
    ///     output is zero.
    /// - Returns: the last layer's states, `[N, T, H]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        cells.reduce(x) { x, cell in
            // Both biases only ever stand in a sum.
            let bias = cell.inputBias.flatMap { own in cell.stateBias.map { own.value + $0.value } }
            return x.linear(weight: cell.inputWeight.value, bias: bias).lstm(
                weight: cell.stateWeight.value, mask: mask)
        }
    }
}

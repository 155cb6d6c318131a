public import ConcordTensors

/// Gated recurrent units: a state that is carried through a sequence, in one or several layers.
///
/// ```swift
/// let context = GRU(256, hidden: 256)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// ```
/// - Source: Cho et al. 2014, arXiv:1406.1078; formula, names and first values are `torch.nn.GRU`'s with `batch_first`.
public final class GRU: SequenceLayer {
    /// One a layer; their parameters stand in checkpoints under the recurrence's own name.
    public let cells: [RecurrentCell]
    public let outputDimension: Int

    public var checkpointNames: [String: String] { ["cells": ""] }

    /// - Parameters:
    ///   - inputs: C.
    ///   - hidden: H, the size of the state.
    ///   - bias: whether the gates have biases, one for the inputs' share and one for the state's.
    public init(_ inputs: Int, hidden: Int, layers: Int = 1, bias: Bool = true) {
        cells = RecurrentCell.stack(inputs, hidden: hidden, layers: layers, gates: 3, bias: bias, in: "GRU")
        outputDimension = hidden
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil. Elsewhere the state stands still and the output
    ///     is zero.
    /// - Returns: the last layer's states, `[N, T, H]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        cells.reduce(x) { x, cell in
            x.linear(weight: cell.inputWeight.value, bias: cell.inputBias?.value)
                .gru(weight: cell.stateWeight.value, bias: cell.stateBias?.value, mask: mask)
        }
    }
}

public import ConcordTensors

/// Gated recurrent units: a state that is carried through a sequence, in one or several layers.
///
/// ```swift
/// let context = GRU(256, hidden: 256)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// ```
/// - Source: Cho et al. 2014, arXiv:1406.1078; formula, names and initial values are `torch.nn.GRU`'s with
///   `batch_first`.
public typealias GRU = RecurrentLayer<GRUEquations>

/// Long short-term memory: a state and a cell that are carried through a sequence, in one or several layers.
///
/// ```swift
/// let context = LSTM(256, hidden: 256)
/// let c = context(frames, mask: mask)                                   // [N, T, 256] -> [N, T, 256]
/// ```
/// - Source: Hochreiter, Schmidhuber 1997, "Long short-term memory"; formula, names and initial values are
///   `torch.nn.LSTM`'s with `batch_first`.
public typealias LSTM = RecurrentLayer<LSTMEquations>

/// One or several layers of a recurrence; ``GRU`` and ``LSTM`` are made of it.
public final class RecurrentLayer<Equations: RecurrentEquations>: SequenceLayer {
    /// One for each layer; their parameters are stored under the recurrence's own name.
    public let cells: [RecurrentCell]
    /// Size H of the state.
    public let outputDimension: Int
    /// Whether the input of each layer but the first is added to its output.
    public let isResidual: Bool
    /// Dropout's probability on the states of each layer but the last.
    public let dropout: Float

    /// `cells` adds no level to the paths.
    public var checkpointNames: [String: String] { ["cells": ""] }

    /// - Parameters:
    ///   - inputs: C, at least 1.
    ///   - hidden: H, the size of the state, at least 1.
    ///   - layers: number of layers, at least 1; each reads the states of the one before it.
    ///   - bias: whether the gates have biases, one for the inputs and one for the state.
    ///   - residual: whether the input of each layer but the first is added to its output.
    ///   - dropout: probability on the states of each layer but the last, in training.
    public init(
        _ inputs: Int, hidden: Int, layers: Int = 1, bias: Bool = true, residual: Bool = false, dropout: Float = 0
    ) {
        ShapeCheck.require(
            inputs > 0 && hidden > 0 && layers > 0, Equations.name,
            "\(inputs) inputs, \(hidden) hidden, \(layers) layers")
        cells = (0..<layers).map {
            RecurrentCell($0 == 0 ? inputs : hidden, hidden: hidden, gates: Equations.gates, bias: bias, index: $0)
        }
        (outputDimension, isResidual, self.dropout) = (hidden, residual, dropout)
    }

    /// The last layer's states.
    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil. Elsewhere the state is carried over and the
    ///     output is zero.
    /// - Returns: `[N, T, H]`.
    public func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
        var x = x
        for (layer, cell) in cells.enumerated() {
            var states = Equations.states(of: x, cell, mask: mask)
            if dropout > 0, layer < cells.count - 1 { states = states.dropout(dropout) }
            x = isResidual && layer > 0 ? states + x : states
        }
        return x
    }
}

/// How a recurrence computes its states.
public protocol RecurrentEquations: Sendable {
    /// In error messages.
    static var name: String { get }
    /// Gates of the recurrence: rows of its weights for each element of the state.
    static var gates: Int { get }
    /// The states of one layer.
    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - mask: `[N, T]` uint8, 1 for a real step; all are where nil.
    /// - Returns: `[N, T, H]`, zero where the mask is.
    static func states(of x: Tensor, _ cell: RecurrentCell, mask: Tensor?) -> Tensor
}

/// Those of ``GRU``.
public enum GRUEquations: RecurrentEquations {
    public static let name = "GRU"
    public static let gates = 3

    public static func states(of x: Tensor, _ cell: RecurrentCell, mask: Tensor?) -> Tensor {
        x.linear(weight: cell.inputWeight.value, bias: cell.inputBias?.value)
            .gru(weight: cell.stateWeight.value, bias: cell.stateBias?.value, mask: mask)
    }
}

/// Those of ``LSTM``.
public enum LSTMEquations: RecurrentEquations {
    public static let name = "LSTM"
    public static let gates = 4

    public static func states(of x: Tensor, _ cell: RecurrentCell, mask: Tensor?) -> Tensor {
        // The two biases are only ever added.
        let bias = cell.inputBias.flatMap { own in cell.stateBias.map { own.value + $0.value } }
        return x.linear(weight: cell.inputWeight.value, bias: bias).lstm(weight: cell.stateWeight.value, mask: mask)
    }
}

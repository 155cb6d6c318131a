import ConcordTensors

/// The parameters of one layer of a recurrence, under PyTorch's names: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
/// `bias_hh_l0`.
public final class RecurrentCell: NamedModule {
    /// From the inputs to the gates, `[gates * H, C]`.
    public let inputWeight: Parameter
    /// From the state to the gates, `[gates * H, H]`.
    public let stateWeight: Parameter
    /// `[gates * H]` each.
    public let inputBias: Parameter?, stateBias: Parameter?
    private let index: Int

    /// Empty: its parameters are stored under the recurrence's own path.
    public var name: String { "" }

    /// PyTorch's names, with the layer's number.
    public var checkpointNames: [String: String] {
        [
            "inputWeight": "weight_ih_l\(index)", "stateWeight": "weight_hh_l\(index)",
            "inputBias": "bias_ih_l\(index)", "stateBias": "bias_hh_l\(index)",
        ]
    }

    /// - Parameter index: of the layer, from 0. Every value starts uniform in ±1/sqrt(H).
    init(_ inputs: Int, hidden: Int, gates: Int, bias: Bool, index: Int) {
        inputWeight = Parameter([gates * hidden, inputs], .fanIn(hidden))
        stateWeight = Parameter([gates * hidden, hidden], .fanIn(hidden))
        inputBias = bias ? Parameter([gates * hidden], .fanIn(hidden)) : nil
        stateBias = bias ? Parameter([gates * hidden], .fanIn(hidden)) : nil
        self.index = index
    }
}

import ConcordTensors

/// The parameters of one layer of a recurrence, under PyTorch's names: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
/// `bias_hh_l0`.
public final class RecurrentCell: NamedModule {
    /// The inputs' share of the gates, `[gates * H, C]`.
    public let inputWeight: Parameter
    /// The state's, `[gates * H, H]`.
    public let stateWeight: Parameter
    /// `[gates * H]` each.
    public let inputBias: Parameter?, stateBias: Parameter?
    private let index: Int

    /// Its parameters stand in the recurrence itself.
    public var name: String { "" }

    public var checkpointNames: [String: String] {
        [
            "inputWeight": "weight_ih_l\(index)", "stateWeight": "weight_hh_l\(index)",
            "inputBias": "bias_ih_l\(index)",
            "stateBias": "bias_hh_l\(index)",
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

    static func stack(
        _ inputs: Int, hidden: Int, layers: Int, gates: Int, bias: Bool, in layer: String
    ) -> [RecurrentCell] {
        ShapeCheck.require(
            inputs > 0 && hidden > 0 && layers > 0, layer, "\(inputs) inputs, \(hidden) hidden, \(layers) layers")
        return (0..<layers).map {
            RecurrentCell($0 == 0 ? inputs : hidden, hidden: hidden, gates: gates, bias: bias, index: $0)
        }
    }
}

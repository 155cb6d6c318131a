import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Autoregressive predictive coding, in its paper's form: from log-mel frames through a stack of recurrent layers to
/// the frame some steps ahead, by its absolute error.
///
/// ```yaml
/// objective: {name: apc}
/// model: {audio: {encoder: log_mel, mels: 80, channels: [], context: gru, hidden: 512, layers: 3}}
/// ```
/// It is objective ``FramesRecipe`` with `distance: l1`, residual connections and dropout.
/// - Source: Chung, Hsu, Tang, Glass 2019, arXiv:1904.03240, as s3prl's `apc.py`. Padding is no target here.
public struct APCRecipe: ObjectiveRecipe {
    public static let name = "apc"

    private let ahead: Int
    private let isResidual: Bool
    private let dropout: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        ahead = try fields.integer("ahead", default: 5, in: 1...1000, "How many frames ahead the predicted frame is.")
        isResidual = try fields.flag(
            "residual", default: true, "Whether each recurrent layer's input, but the first's, is added to its output.")
        dropout = try fields.number(
            "dropout", default: 0.1, in: 0...0.99, "Dropout between recurrent layers, in training.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([try data.require(.audio, for: Self.name)])
        needs.unit = .windows
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = parts.needs.inputs[0]
        let (encoder, settings) = try parts.frameEncoder(of: input), channels = encoder.featureDimension
        try parts.requireFrames(encoder, ahead: ahead)
        func stack<Equations>(_ layer: RecurrentLayer<Equations>.Type) -> RecurrentLayer<Equations> {
            layer.init(
                channels, hidden: settings.hidden, layers: settings.layers, residual: isResidual,
                dropout: Float(dropout))
        }
        let context: any SequenceLayer
        switch settings.context {
        case .gru: context = stack(GRU.self)
        case .lstm: context = stack(LSTM.self)
        case .none, .transformer:
            throw RecipeError.data(
                message: "model.audio.context: objective apc wants a recurrent one, as in context: gru, hidden: 512, "
                    + "layers: 3; objective frames predicts with a transformer too")
        }
        let predictor = FramePrediction(
            encoder: encoder, context: context, target: try FramesRecipe.target(.logMel, parts, settings),
            ahead: ahead, distance: .l1)
        return TrainingTask(
            predictor.on(\.[audio: input.name]),
            embedders: [input: .audio({ predictor.embed($0) }, frames: { predictor.frames($0).frames })])
    }
}

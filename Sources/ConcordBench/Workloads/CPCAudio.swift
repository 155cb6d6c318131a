import Concord

/// Contrastive predictive coding on 16 clips of 20480 samples, with one draw of 128 negatives.
struct CPCAudio: Workload {
    static let name = "cpc-audio"
    static let items = 16

    private static let samples = 20480, frames = 128, horizon = 12, negatives = 128, width = 256

    private let clips: Waveform
    private let pick: Tensor
    private let coding: ContrastivePredictiveCoding<WaveformEncoder>

    static var operationCount: OperationCount {
        var count = OperationCount()
        var (steps, inputs) = (samples, 1)
        for layer in encoder.convolutions {
            steps = (steps + 2 * layer.padding - layer.kernel) / layer.stride + 1
            count.linear(rows: items * steps, inputs * layer.kernel, width, inputsNeedGradients: inputs > 1)
            inputs = width
        }
        count.linear(rows: items * frames, 2 * width, 3 * width)  // of the inputs and of the states
        let queries = items * (frames - horizon)
        count.linear(rows: queries, width, horizon * width)
        count.contrast(queries * horizon, negatives, width: width, keepsLogits: false)
        return count
    }

    static func ownName(_ name: String) -> String {
        PyTorchNames.moved(name, from: "convs.", to: "encoder.convs.") ?? PyTorchNames.moved(
            name, from: "norms.", to: "encoder.norms.")
            ?? PyTorchNames.moved(name, from: "gru.", to: "context.") ?? name
    }

    private static var encoder: WaveformEncoder.Configuration {
        var encoder = WaveformEncoder.Configuration.cpc(width: width)
        encoder.norm = .group(1)
        return encoder
    }

    init(_ inputs: StepInputs) throws {
        clips = Waveform(
            samples: try inputs.floats("waveform", [Self.items, 1, Self.samples]).reshaped([Self.items, -1]),
            rate: 16000)
        pick = try inputs.integers("pick", [Self.negatives], in: 0..<Int32(Self.items * Self.frames)).reshaped([1, -1])
        coding = ContrastivePredictiveCoding(
            encoder: WaveformEncoder(Self.encoder), context: GRU(Self.width, hidden: Self.width), horizon: Self.horizon,
            negatives: Self.negatives,
            loss: InfoNCE(
                similarity: .dotProduct, temperature: .fixed(Float(Self.width).squareRoot()), direction: .oneWay))
    }

    var model: any Module { coding }
    func loss() -> Tensor { coding(clips, negatives: pick).total }
}

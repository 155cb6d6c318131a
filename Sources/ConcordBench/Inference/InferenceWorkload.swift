import ArgumentParser
import Concord

/// A batch that is embedded.
enum InferenceWorkload: String, CaseIterable, ExpressibleByArgument, Codable {
    /// Images of 224x224, by ResNet-18 or ResNet-50.
    case resnet18, resnet50
    /// Texts of 64 tokens, by bert-small's transformer: four layers of width 512.
    case texts
    /// Clips of 1.28 s at 16 kHz, by cpc-audio's five convolutions of 256 channels.
    case clips

    static let textLength = 64, vocabulary = 30522, clipLength = 20480

    /// A pass over a batch: weights are random, and of a frozen encoder.
    func pass(batch: Int) -> () -> Tensor {
        let key = RandomKey(seed: 0)
        switch self {
        case .resnet18, .resnet50:
            let encoder = frozen(ResNet(depth: self == .resnet18 ? 18 : 50))
            let images = Tensor(uniform: -1.7...1.7, shape: [batch, 224, 224, 3], key: key)
            return { encoder(images) }
        case .texts:
            let encoder = frozen(
                TextTransformer(
                    vocabulary: Vocabulary(size: Self.vocabulary, padding: 0), width: 512, depth: 4, heads: 8,
                    context: 512, pooling: .mean))
            let ids = (0..<batch * Self.textLength).map { Int32(1 + $0 * 7919 % (Self.vocabulary - 1)) }
            let shape = [batch, Self.textLength]
            let tokens = Tokens(
                ids: Tensor(ids, shape: shape), mask: Tensor([UInt8](repeating: 1, count: ids.count), shape: shape))
            return { encoder(tokens) }
        case .clips:
            var configuration = WaveformEncoder.Configuration.cpc(width: 256)
            configuration.norm = .group(1)
            let encoder = frozen(WaveformEncoder(configuration))
            let clips = Waveform(
                samples: Tensor(uniform: -1...1, shape: [batch, Self.clipLength], key: key), rate: 16000)
            return { encoder(clips) }
        }
    }

    private func frozen<M: Module>(_ encoder: M) -> M {
        for (_, parameter) in ParameterWalk(encoder.initialize(seed: 0)).parameters { parameter.isFrozen = true }
        return encoder
    }
}

/// Passes over batches, here and elsewhere.
struct InferenceTimings: Codable {
    let name: InferenceWorkload
    let batch: Int
    let seconds: Timing
    /// With a tape, which folds no batch normalization; nil where that was not measured.
    var apart: Timing?
    /// PyTorch's, eager, in inference mode.
    var pytorch: Timing?
    /// ONNX Runtime's on the network that PyTorch exported, in float32.
    var onnxRuntime: Timing?

    /// - Parameter other: who is compared.
    private func rate(_ other: Timing?) -> String { other.map { (Double(batch) / $0.median).decimals(1) } ?? "" }

    static let heading =
        "".left(10) + "batch".right(6) + "items/s".right(10) + "apart".right(10) + "PyTorch".right(10)
        + "ONNX Runtime".right(14) + "ratio to the best".right(19)

    var row: String {
        let best = [pytorch?.median, onnxRuntime?.median].compactMap { $0 }.min()
        return name.rawValue.left(10) + "\(batch)".right(6) + rate(seconds).right(10) + rate(apart).right(10)
            + rate(pytorch).right(10) + rate(onnxRuntime).right(14)
            + (best.map { ($0 / seconds.median).decimals(2) } ?? "").right(19)
    }
}

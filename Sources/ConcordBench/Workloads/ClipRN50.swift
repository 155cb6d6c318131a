import Concord

/// open_clip's RN50 at 224x224 with its text tower of twelve layers.
struct ClipRN50: Workload {
    static let name = "clip-rn50"
    static let items = 16

    private let images: Tensor
    private let texts: Tokens
    private let clip = OpenClip()

    static var operationCount: OperationCount {
        var count = OperationCount()
        count.modifiedResNet(count: items, side: 224, width: 64, blocks: [3, 4, 6, 3], outputs: 1024)
        count.transformer(count: items, steps: 77, width: 512, depth: 12, causal: true)
        count.linear(rows: items, 512, 1024)
        count.contrast(items, items, width: 1024)
        return count
    }

    static func ownName(_ name: String) -> String { name }

    init(_ inputs: StepInputs) throws {
        images = try inputs.images("image", count: Self.items, side: 224)
        texts = try inputs.tokens("ids", [Self.items, 77], in: 1..<49000)
    }

    var model: any Module { clip }
    func loss() -> Tensor { clip(images, texts) }
}

/// The model under open_clip's names.
private final class OpenClip: Module {
    let visual = ModifiedResNet()
    let text = TextTransformer(
        vocabulary: Vocabulary(size: 49408, padding: 0), width: 512, depth: 12, context: 77, causal: true,
        pooling: .endOfText,
        initialization: .clip(width: 512, depth: 12))
    /// `[512, 1024]`, without a transposition.
    let textProjection = Parameter([512, 1024], .normal(std: 1 / Float(512).squareRoot()))
    let loss = InfoNCE()

    var checkpointNames: [String: String] { ["text": "", "loss": ""] }

    func callAsFunction(_ images: Tensor, _ texts: Tokens) -> Tensor {
        loss(visual(images), text(texts).matmul(textProjection.value))
    }
}

import Concord

/// ResNet-18 at 112x112 against a causal transformer of six layers.
struct ClipRN18: Workload {
    static let name = "clip-rn18"
    static let items = 64

    private struct Pair: Sendable {
        let image: Tensor
        let text: Tokens
    }

    private let pair: Pair
    private let clip: Contrastive<Pair>

    static var operationCount: OperationCount {
        var count = OperationCount()
        count.resNet18(count: items, side: 112, isCIFAR: false)
        count.transformer(count: items, steps: 32, width: 256, depth: 6, causal: true)
        count.linear(rows: items, 512 + 256, 256)
        count.contrast(items, items, width: 256)
        return count
    }

    static func ownName(_ name: String) -> String {
        PyTorchNames.moved(name, from: "image.", to: "image.encoder.", PyTorchNames.resNet)
            ?? PyTorchNames.moved(name, from: "text.", to: "text.encoder.", PyTorchNames.transformer)
            ?? PyTorchNames.moved(name, from: "pi.", to: "image.projection.")
            ?? PyTorchNames.moved(name, from: "pt.", to: "text.projection.") ?? name
    }

    init(_ inputs: StepInputs) throws {
        pair = Pair(
            image: try inputs.images("image", count: Self.items, side: 112),
            text: try inputs.tokens("ids", [Self.items, 32], in: 0..<8192))
        clip = Contrastive(
            Tower("image", \.image, ResNet(depth: 18)),
            Tower(
                "text", \.text,
                TextTransformer(
                    vocabulary: Vocabulary(size: 8192, padding: 0), width: 256, depth: 6, heads: 4, context: 32,
                    causal: true,
                    pooling: .endOfText)),
            dimension: 256)
    }

    var model: any Module { clip }
    func loss() -> Tensor { clip(pair).total }
}

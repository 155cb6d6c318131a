import Concord

/// Masked tokens: four layers of width 512 over 32 texts of 128 ids, 15 % of them looked at by the head.
struct BERTSmall: Workload {
    static let name = "bert-small"
    static let items = 32 * 128

    private static let vocabulary = 30522
    private static let hidden = items * 15 / 100

    private let masked: MaskedTokens
    private let languageModel: MaskedLanguageModel

    static var operationCount: OperationCount {
        var count = OperationCount()
        count.transformer(count: 32, steps: 128, width: 512, depth: 4, causal: false)
        count.linear(rows: hidden, 512, 512 + vocabulary)
        return count
    }

    static func ownName(_ name: String) -> String {
        PyTorchNames.moved(name, from: "f.", to: "encoder.", PyTorchNames.transformer)
            ?? PyTorchNames.moved(name, from: "ln.", to: "lm_head.layer_norm.") ?? "lm_head." + name
    }

    init(_ inputs: StepInputs) throws {
        let tokens = try inputs.tokens("ids", [32, 128], in: 0..<Int32(Self.vocabulary))
        let places = try inputs.indices("where", count: Self.hidden, below: Int32(Self.items))
        let ids = tokens.ids.integerScalars, targets = places.integerScalars.map { ids[Int($0)] }
        masked = MaskedTokens(tokens: tokens, positions: places, targets: Tensor(targets, shape: [Self.hidden]))
        languageModel = MaskedLanguageModel(
            TextTransformer(
                vocabulary: Vocabulary(size: Self.vocabulary, padding: 0, mask: 103), width: 512, depth: 4, heads: 8,
                context: 512))
    }

    var model: any Module { languageModel }
    func loss() -> Tensor { languageModel(masked).total }
}

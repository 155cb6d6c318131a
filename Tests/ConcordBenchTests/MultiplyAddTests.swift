import Concord
import ConcordBench
import Testing

/// What operations count is what the closed forms say of whole steps; a multiply-add is two operations there.
struct MultiplyAddTests {
    private static func counted(_ loss: () -> Tensor) -> MultiplyAdds {
        MultiplyAdds.counting { _ = valueWithGradient { loss() } }.1
    }

    private static func images(_ count: Int, side: Int) -> Tensor {
        Tensor((0..<count * side * side * 3).map { Float($0 % 17) / 17 }, shape: [count, side, side, 3])
    }

    @Test(arguments: [true, false])
    func aStepOfAResNetWithTwoViews(isCIFAR: Bool) {
        let side = isCIFAR ? 16 : 64, views = 8
        let encoder = ResNet(depth: 18, stem: isCIFAR ? .cifar : .imageNet).initialize(seed: 1)
        let head = ProjectionHead(512, hidden: 512, 128).initialize(seed: 1)
        let loss = InfoNCE(temperature: .fixed(0.5)), x = Self.images(views, side: side)
        let count = Self.counted {
            let z = head(encoder(x))
            return loss.views(z.sliced(0..<views / 2, axis: 0), z.sliced(views / 2..<views, axis: 0))
        }
        var convolutions = OperationCount(), products = OperationCount()
        convolutions.resNet18(count: views, side: side, isCIFAR: isCIFAR)
        products.linear(rows: views, 512, 512 + 128)
        products.contrast(views, views, width: 128)
        #expect(Double(2 * count.convolution) == convolutions.operations)
        #expect(Double(2 * count.matmul) == products.operations)
        #expect(count.attention == 0 && count.recurrent == 0)
        #expect(count.total == count.convolution + count.matmul)
    }

    @Test(arguments: [Precision.float32, .bfloat16])
    func aStepOfMaskedTokens(precision: Precision) {
        let vocabulary = 101, samples = 3, steps = 20, width = 32, masked = 7
        let ids = (0..<samples * steps).map { Int32(4 + $0 % 90) }, places = (0..<masked).map { Int32(2 * $0) }
        let model = MaskedLanguageModel(
            TextTransformer(
                vocabulary: Vocabulary(size: vocabulary, padding: 0, mask: 3), width: width, depth: 2, heads: 4,
                context: steps)
        ).initialize(seed: 1)
        let batch = MaskedTokens(
            tokens: Tokens(
                (0..<samples).map { Array(ids[$0 * steps..<($0 + 1) * steps]) }, length: steps, padding: 0),
            positions: Tensor(places, shape: [masked]),
            targets: Tensor(places.map { ids[Int($0)] }, shape: [masked]))
        let count = withPrecision(precision) { Self.counted { model(batch).total } }
        var all = OperationCount(), attention = OperationCount()
        all.transformer(count: samples, steps: steps, width: width, depth: 2, causal: false)
        all.linear(rows: masked, width, width + vocabulary)
        for _ in 0..<2 { attention.attention(count: samples, queries: steps, keys: steps, width: width) }
        #expect(Double(2 * count.attention) == attention.operations)
        #expect(Double(2 * count.total) == all.operations)
    }

    @Test func aStepOfAGatedRecurrentUnit() {
        let samples = 2, steps = 7, inputs = 8, hidden = 12
        let layer = GRU(inputs, hidden: hidden).initialize(seed: 1)
        let x = Tensor((0..<samples * steps * inputs).map { Float($0 % 5) }, shape: [samples, steps, inputs])
        let count = Self.counted { layer(x).squared().mean() }
        var ofStates = OperationCount(), ofInputs = OperationCount()
        ofStates.linear(rows: samples * steps, hidden, 3 * hidden)
        ofInputs.linear(rows: samples * steps, inputs, 3 * hidden, inputsNeedGradients: false)
        #expect(Double(2 * count.recurrent) == ofStates.operations)
        #expect(Double(2 * count.matmul) == ofInputs.operations)
    }
}

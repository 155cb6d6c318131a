import ConcordTensors
import TestSupport
import Testing

/// Element by element against PyTorch in float64: Tests/Fixtures/products.py.
@Suite struct ProductFixtureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let inputs: [(String, [Int], Float)]
        let operation: @Sendable ([Tensor]) -> Tensor
        var testDescription: String { name }
    }

    static let rows: (String, [Int], Float) = ("rows", [3, 5, 37], 4)
    static let labels = Tensor([3, 0, 36, -100, 7, 12, 5, -100, 9, 20, 1] as [Int32], shape: [11])
    static let clampedLabels = Tensor([3, 0, 36, 0, 7, 12, 5, 0, 9, 20, 1] as [Int32], shape: [11])

    static let cases: [Case] = [
        Case(name: "matmul", inputs: [("a", [5, 7], 1), ("b", [7, 19], 1)]) { $0[0].matmul($0[1]) },
        Case(name: "matmul left", inputs: [("al", [7, 5], 1), ("b", [7, 19], 1)]) {
            $0[0].matmul($0[1], transposing: .left)
        },
        Case(name: "matmul right", inputs: [("a", [5, 7], 1), ("br", [19, 7], 1)]) {
            $0[0].matmul($0[1], transposing: .right)
        },
        Case(name: "matmul both", inputs: [("al", [7, 5], 1), ("br", [19, 7], 1)]) {
            $0[0].matmul($0[1], transposing: .both)
        },
        Case(name: "matmul batched", inputs: [("ab", [6, 3, 7], 1), ("bb", [6, 5, 7], 1)]) {
            $0[0].matmul($0[1], transposing: .right)
        },
        Case(name: "matmul batched both", inputs: [("abl", [3, 7, 3], 1), ("bb3", [3, 5, 7], 1)]) {
            $0[0].matmul($0[1], transposing: .both)
        },
        Case(name: "matmul rows", inputs: [("ar", [2, 3, 7], 1), ("b", [7, 19], 1)]) { $0[0].matmul($0[1]) },
        Case(name: "linear", inputs: [("x", [3, 11, 13], 1), ("w", [9, 13], 1), ("bias", [9], 1)]) {
            $0[0].linear(weight: $0[1], bias: $0[2])
        },
        Case(name: "softmax", inputs: [rows]) { $0[0].softmax() },
        Case(name: "softmax axis", inputs: [rows]) { $0[0].softmax(axis: 1) },
        Case(name: "logSoftmax", inputs: [rows]) { $0[0].logSoftmax() },
        Case(name: "logSumExp", inputs: [rows]) { $0[0].logSumExp() },
        Case(name: "logSumExp axis", inputs: [rows]) { $0[0].logSumExp(axis: 0) },
        Case(name: "layerNorm", inputs: [rows, ("lw", [37], 1), ("lb", [37], 1)]) {
            $0[0].layerNormalized(weight: $0[1], bias: $0[2])
        },
        Case(name: "l2", inputs: [rows]) { $0[0].l2Normalized() },
        Case(name: "biasedGELU", inputs: [rows, ("lb", [37], 1)]) { $0[0].biasedGELU($0[1]) },
        Case(name: "crossEntropy", inputs: [("logits", [11, 37], 3)]) { $0[0].crossEntropy(labels: clampedLabels) },
        Case(name: "crossEntropy smoothed", inputs: [("logits", [11, 37], 3)]) {
            $0[0].crossEntropy(labels: labels, smoothing: 0.1, ignoring: -100)
        },
    ]

    @Test(arguments: cases) func equalsPyTorch(_ c: Case) throws {
        let fixture = Fixture("products")
        let inputs = c.inputs.map { hashed($0.0, $0.1, scale: $0.2) }
        let (y, pullback) = valueWithPullback(of: inputs) { [c.operation($0)] }
        let expected = fixture[c.name]
        let dy = hashed("\(c.name) dy", expected.shape)
        expectClose(Tensor(y[0].scalars, shape: expected.shape), expected, c.name)
        for (i, gradient) in pullback([Tensor(dy.scalars, shape: y[0].shape)]).1.enumerated() {
            expectClose(try #require(gradient), fixture["\(c.name) d\(i)"], "d\(i)")
        }
    }
}

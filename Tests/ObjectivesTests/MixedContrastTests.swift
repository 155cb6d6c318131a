import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Losses in bfloat16 against float32. Cosines are rounded by some 2^-9 and logits are cosines over a temperature of
/// 0.5, so that probabilities, and gradients with them, are off by about 2^-7 of themselves.
@Suite(.enabled(if: Processor.hasBFloat16)) struct MixedContrastTests {
    private let tolerance: Float = 0x1p-6

    private func check(_ what: String, _ shapes: [[Int]], _ body: ([Tensor]) -> Tensor) throws {
        let inputs = shapes.enumerated().map { hashed("\(what) \($0)", $1) }
        func run(_ precision: Precision) -> (Tensor, [Tensor?]) {
            let (outputs, pullback) = withPrecision(precision) { valueWithPullback(of: inputs) { [body($0)] } }
            return (outputs[0], pullback([Tensor(1)]).1)
        }
        let (wide, narrow) = (run(.float32), run(.bfloat16))
        #expect(narrow.0.elementType == .float32)
        #expect(narrow.0.item != wide.0.item, "\(what) was not in bfloat16")
        #expect(abs(narrow.0.item / wide.0.item - 1) < tolerance, "\(what)")
        for (i, (a, b)) in zip(narrow.1, wide.1).enumerated() {
            expectClose(try #require(a), try #require(b), tolerance: tolerance, "\(what), gradient \(i)")
        }
    }

    @Test func infoNCEIsNearFloat32() throws {
        let labels = Tensor((0..<150).map { Int32($0 % 60) }, shape: [150])
        try check("pairs", [[150, 33], [150, 33]]) { InfoNCE(temperature: .fixed(0.5))($0[0], $0[1]) }
        try check("labelled", [[150, 33], [150, 33]]) {
            InfoNCE(temperature: .fixed(0.5))($0[0], $0[1], labels: labels)
        }
        try check("one way", [[150, 33], [150, 33]]) {
            InfoNCE(temperature: .fixed(0.5), direction: .oneWay)($0[0], $0[1])
        }
        try check("views", [[80, 33], [80, 33]]) { InfoNCE(temperature: .fixed(0.5)).views($0[0], $0[1]) }
        try check("decoupled", [[150, 33], [150, 33]]) {
            InfoNCE(temperature: .fixed(0.5), decoupled: true)($0[0], $0[1])
        }
        try check("hard", [[150, 33], [150, 33]]) {
            InfoNCE(temperature: .fixed(0.5), hardNegativeWeight: 0.5)($0[0], $0[1])
        }
        try check("distances", [[150, 7], [150, 7]]) {
            InfoNCE(similarity: .euclidean, temperature: .fixed(4))($0[0], $0[1])
        }
    }

    @Test func candidatesAreNearFloat32() throws {
        let positives = Tensor((0..<90).map { Int32($0 % 40) }, shape: [90])
        let negatives = Tensor((0..<34).map { Int32(($0 * 7) % 40) }, shape: [2, 17]),
            loss = InfoNCE(temperature: .fixed(0.5))
        try check("candidates", [[90, 24], [40, 24]]) {
            loss($0[0], in: $0[1], positives: positives, negatives: negatives, groups: [30, 60])
        }
    }

    @Test func theLanguageModelsLastStepIsNearFloat32() throws {
        let labels = Tensor((0..<70).map { Int32(($0 * 31) % 301) }, shape: [70])
        try check("table", [[70, 48], [301, 48], [301]]) {
            $0[0].crossEntropy(over: $0[1], bias: $0[2], labels: labels).loss
        }
    }
}

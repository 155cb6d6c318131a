import ConcordTensors
import TestSupport
import Testing

/// Transposed convolutions against PyTorch (`Tests/Fixtures/transposed.py`) and against their convolutions.
struct TransposedConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        let filters, kernel: Int
        var stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1
        var hasBias = true
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "doubling", input: [2, 4, 4, 8], filters: 6, kernel: 4, stride: 2, padding: 1, hasBias: false),
        Case(name: "to an image", input: [2, 5, 3, 16], filters: 3, kernel: 4, stride: 2, padding: 1),
        Case(name: "dense", input: [1, 4, 5, 5], filters: 7, kernel: 3, padding: 1),
        Case(name: "pointwise", input: [2, 3, 4, 6], filters: 5, kernel: 1),
        Case(
            name: "output padding", input: [2, 4, 3, 5], filters: 4, kernel: 3, stride: 2, padding: 1,
            outputPadding: 1),
        Case(name: "gaps", input: [2, 3, 3, 4], filters: 4, kernel: 2, stride: 3, outputPadding: 2),
        Case(name: "grouped", input: [2, 4, 4, 8], filters: 12, kernel: 3, stride: 2, padding: 1, groups: 4),
        Case(
            name: "dilated", input: [1, 4, 5, 3], filters: 4, kernel: 3, stride: 2, padding: 2, outputPadding: 1,
            dilation: 2),
        Case(name: "one place", input: [2, 1, 1, 9], filters: 8, kernel: 4, hasBias: false),
    ])
    func equalsPyTorchWithItsGradients(_ c: Case) {
        let fixture = Fixture("transposed")
        var inputs = [
            hashed(c.name + " x", c.input),
            hashed(c.name + " w", [c.input[3], c.filters / c.groups, c.kernel, c.kernel]),
        ]
        if c.hasBias { inputs.append(hashed(c.name + " b", [c.filters])) }
        let (outputs, pullback) = valueWithPullback(of: inputs) {
            [
                $0[0].transposedConvolved2d(
                    weight: $0[1], bias: $0.count > 2 ? $0[2] : nil, stride: c.stride, padding: c.padding,
                    outputPadding: c.outputPadding, dilation: c.dilation, groups: c.groups)
            ]
        }
        expectClose(outputs[0], fixture[c.name], c.name)
        let gradients = pullback([hashed(c.name + " upstream", outputs[0].shape)]).1
        for (gradient, label) in zip(gradients, ["dx", "dw", "db"]) {
            expectClose(gradient ?? Tensor(0), fixture["\(c.name) \(label)"], label)
        }
    }

    @Test func gradientsEqualCentralDifferences() {
        checkGradients(of: hashed("x", [2, 3, 2, 4]), hashed("w", [4, 3, 3, 3]), hashed("b", [6])) {
            $0[0].transposedConvolved2d(weight: $0[1], bias: $0[2], stride: 2, padding: 1, groups: 2)
        }
    }

    /// `<conv(x), y> = <x, transposed(y)>` at the sizes of a decoder, where faster methods are taken.
    @Test(arguments: [(32, 4, 128, 64), (32, 8, 64, 32), (128, 2, 512, 256), (16, 32, 16, 3)])
    func isTheAdjointOfTheConvolution(batch: Int, side: Int, channels: Int, filters: Int) {
        let weight = hashed("w", [channels, filters, 4, 4], scale: 0.1)
        let small = hashed("y", [batch, side, side, channels])
        let large = hashed("x", [batch, 2 * side, 2 * side, filters])
        let up = small.transposedConvolved2d(weight: weight, stride: 2, padding: 1)
        let down = large.convolved2d(weight: weight, stride: 2, padding: 1)
        func dot(_ a: Tensor, _ b: Tensor) -> Double {
            zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let size = (dot(up, up) * dot(large, large)).squareRoot()
        #expect(abs(dot(up, large) - dot(small, down)) <= 1e-6 * size)
    }

    @Test func anEmptyBatchGivesAnEmptyOutputAndZeroGradients() {
        let (outputs, pullback) = valueWithPullback(of: [Tensor(zeros: [0, 2, 2, 3]), hashed("w", [3, 2, 4, 4])]) {
            [$0[0].transposedConvolved2d(weight: $0[1], stride: 2, padding: 1)]
        }
        #expect(outputs[0].shape == [0, 4, 4, 2])
        let gradients = pullback([outputs[0].detached]).1
        #expect(gradients[0]?.shape == [0, 2, 2, 3])
        #expect(gradients[1]?.scalars == [Float](repeating: 0, count: 96))
    }
}

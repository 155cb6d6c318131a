import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

struct ConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        let filters: Int
        let kernel: (Int, Int)
        var stride = (1, 1), padding = (0, 0), dilation = (1, 1)
        var groups = 1
        var hasBias = true
        var testDescription: String { name }

        var x: Tensor { hashed(name + " x", input) }
        var weight: Tensor { hashed(name + " w", [filters, input[3] / groups, kernel.0, kernel.1]) }
        var bias: Tensor? { hasBias ? hashed(name + " b", [filters]) : nil }
    }

    /// oneDNN 2.6 overwrites the stack here when it takes the stride itself.
    @Test(arguments: [4, 8], [3, 5, 7]) func aStridedPointwiseGradientIsTheSumOfItsSamples(channels: Int, batch: Int) {
        let x = hashed("pointwise x", [batch, 16, 16, channels]),
            w = hashed("pointwise w", [2 * channels, channels, 1, 1])
        func gradient(_ x: Tensor) -> Tensor {
            let (y, pullback) = valueWithPullback(of: [w]) { [x.convolved2d(weight: $0[0], stride: 2)] }
            return pullback([y[0]]).1[0] ?? Tensor(0)
        }
        let whole = gradient(x)
        let parts = (0..<batch).map { gradient(x.sliced($0..<$0 + 1, axis: 0)) }
        expectClose(whole, parts.dropFirst().reduce(parts[0], +), tolerance: 1e-5)
    }

    /// As in Tests/Fixtures/convolution.py.
    static let cases = [
        Case(name: "plain", input: [2, 5, 7, 5], filters: 7, kernel: (3, 3), padding: (1, 1)),
        Case(
            name: "strided", input: [2, 9, 6, 16], filters: 19, kernel: (3, 3), stride: (2, 2), padding: (1, 1),
            hasBias: false),
        Case(name: "pointwise", input: [3, 4, 5, 17], filters: 32, kernel: (1, 1)),
        Case(
            name: "pointwise strided", input: [2, 5, 6, 16], filters: 16, kernel: (1, 1), stride: (2, 2), hasBias: false
        ),
        Case(name: "dilated", input: [1, 9, 10, 3], filters: 4, kernel: (3, 3), padding: (2, 2), dilation: (2, 2)),
        Case(name: "grouped", input: [2, 5, 5, 12], filters: 8, kernel: (3, 3), padding: (1, 1), groups: 4),
        Case(name: "depthwise", input: [2, 6, 5, 20], filters: 20, kernel: (3, 3), padding: (1, 1), groups: 20),
        Case(
            name: "depthwise twice", input: [1, 5, 5, 6], filters: 12, kernel: (3, 3), stride: (2, 2), padding: (1, 1),
            groups: 6,
            hasBias: false),
        Case(
            name: "uneven", input: [2, 7, 8, 4], filters: 6, kernel: (3, 5), stride: (2, 1), padding: (0, 2),
            dilation: (1, 2)),
        Case(
            name: "stem", input: [2, 17, 18, 3], filters: 16, kernel: (7, 7), stride: (2, 2), padding: (3, 3),
            hasBias: false),
        Case(name: "large kernel", input: [2, 3, 2, 4], filters: 5, kernel: (5, 5), padding: (2, 2)),
        Case(name: "blocks of channels", input: [2, 9, 10, 32], filters: 48, kernel: (3, 3), padding: (1, 1)),
        Case(name: "patches", input: [2, 8, 8, 3], filters: 9, kernel: (4, 4), stride: (4, 4)),
    ]

    @Test(arguments: cases)
    func equalsPyTorchWithItsGradients(_ c: Case) {
        let fixture = Fixture("convolution")
        let inputs = [c.x, c.weight] + (c.bias.map { [$0] } ?? [])
        let (outputs, pullback) = valueWithPullback(of: inputs) {
            [
                $0[0].convolved2d(
                    weight: $0[1], bias: $0.count > 2 ? $0[2] : nil, stride: c.stride, padding: c.padding,
                    dilation: c.dilation,
                    groups: c.groups)
            ]
        }
        expectClose(outputs[0], fixture[c.name], c.name)
        let gradients = pullback([hashed(c.name + " upstream", outputs[0].shape)]).1
        for (gradient, label) in zip(gradients, ["dx", "dw", "db"]) {
            guard let gradient else {
                Issue.record("no \(label)")
                continue
            }
            expectClose(gradient, fixture["\(c.name) \(label)"], label)
        }
    }

    struct Sequence: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        let filters, kernel, stride, padding, dilation, groups: Int
        var testDescription: String { name }
    }

    static let sequences = [
        Sequence(
            name: "sequence", input: [2, 11, 5], filters: 6, kernel: 3, stride: 1, padding: 1, dilation: 1, groups: 1),
        Sequence(
            name: "waveform", input: [2, 41, 1], filters: 7, kernel: 10, stride: 5, padding: 0, dilation: 1, groups: 1),
        Sequence(
            name: "causal", input: [1, 9, 4], filters: 4, kernel: 2, stride: 1, padding: 4, dilation: 4, groups: 2),
    ]

    @Test(arguments: sequences)
    func overSequencesEqualsPyTorchWithItsGradients(_ c: Sequence) {
        let fixture = Fixture("convolution")
        let inputs = [
            hashed(c.name + " x", c.input), hashed(c.name + " w", [c.filters, c.input[2] / c.groups, c.kernel]),
            hashed(c.name + " b", [c.filters]),
        ]
        let (outputs, pullback) = valueWithPullback(of: inputs) {
            [
                $0[0].convolved1d(
                    weight: $0[1], bias: $0[2], stride: c.stride, padding: c.padding, dilation: c.dilation,
                    groups: c.groups)
            ]
        }
        expectClose(outputs[0], fixture[c.name], c.name)
        let gradients = pullback([hashed(c.name + " upstream", outputs[0].shape)]).1
        for (gradient, label) in zip(gradients, ["dx", "dw", "db"]) {
            expectClose(gradient ?? Tensor(0), fixture["\(c.name) \(label)"], label)
        }
    }

    @Test func gradientsEqualCentralDifferences() {
        checkGradients(of: hashed("x", [2, 5, 4, 6]), hashed("w", [4, 3, 3, 2]), hashed("b", [4])) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], stride: (2, 1), padding: (1, 1), groups: 2)
        }
    }

    @Test func onlyWantedGradientsAreMade() {
        let x = hashed("x", [1, 4, 4, 2]), w = hashed("w", [3, 2, 3, 3])
        let (outputs, pullback) = valueWithPullback(of: [x]) { [$0[0].convolved2d(weight: w)] }
        #expect(pullback([Tensor(ones: outputs[0].shape)]).1[0]?.shape == x.shape)
        let (others, second) = valueWithPullback(of: [w]) { [x.convolved2d(weight: $0[0])] }
        #expect(second([Tensor(ones: others[0].shape)]).1[0]?.shape == w.shape)
    }

    @Test func anEmptyBatchGivesAnEmptyOutputAndZeroGradients() {
        let (outputs, pullback) = valueWithPullback(of: [Tensor(zeros: [0, 4, 4, 2]), hashed("w", [3, 2, 3, 3])]) {
            [$0[0].convolved2d(weight: $0[1])]
        }
        #expect(outputs[0].shape == [0, 2, 2, 3])
        let gradients = pullback([outputs[0].detached]).1
        #expect(gradients[0]?.shape == [0, 4, 4, 2])
        #expect(gradients[1]?.scalars == [Float](repeating: 0, count: 54))
    }

    /// The packed weights are kept by version: a change in place must not be missed.
    @Test func weightsChangedInPlaceAreUsed() {
        let x = hashed("x", [1, 6, 6, 16])
        var w = hashed("w", [16, 16, 3, 3])
        let before = x.convolved2d(weight: w)
        w.update { for i in 0..<16 * 16 * 9 { $0[i] *= 2 } }
        expectClose(x.convolved2d(weight: w), before * 2)
    }

    @Test func severalThreadsGetTheSameNumbers() async {
        let x = hashed("x", [4, 9, 9, 16]), w = hashed("w", [32, 16, 3, 3])
        let expected = x.convolved2d(weight: w, padding: 1)
        await withTaskGroup(of: Tensor.self) { group in
            for _ in 0..<8 { group.addTask { x.convolved2d(weight: w, padding: 1) } }
            for await result in group { expectClose(result, expected) }
        }
    }

    /// Over small maps large batches are computed as matrix products, small ones by oneDNN.
    @Test(arguments: [
        Case(name: "2x2", input: [64, 2, 2, 64], filters: 80, kernel: (3, 3), padding: (1, 1)),
        Case(
            name: "strided to 2x2", input: [64, 4, 4, 128], filters: 64, kernel: (3, 3), stride: (2, 2), padding: (1, 1)
        ),
        Case(name: "strided pointwise", input: [64, 4, 3, 128], filters: 64, kernel: (1, 1), stride: (2, 2)),
        Case(name: "pointwise", input: [64, 4, 3, 128], filters: 64, kernel: (1, 1)),
        Case(name: "into the padding", input: [64, 2, 2, 128], filters: 64, kernel: (1, 2), padding: (1, 1)),
        Case(name: "uneven", input: [64, 5, 7, 128], filters: 64, kernel: (3, 5), stride: (2, 3), padding: (0, 3)),
        Case(name: "gaps", input: [64, 7, 8, 128], filters: 64, kernel: (2, 2), stride: (3, 4)),
    ])
    func theWayOfALargeBatchEqualsThatOfSmallOnes(_ c: Case) throws {
        let x = c.x, w = c.weight
        let (outputs, pullback) = valueWithPullback(of: [x, w]) {
            [$0[0].convolved2d(weight: $0[1], stride: c.stride, padding: c.padding)]
        }
        let upstream = hashed("upstream", outputs[0].shape)
        let gradients = pullback([upstream]).1
        var output: [Float] = [], dx: [Float] = [], dw = Tensor(zeros: w.shape)
        func part(_ t: Tensor, _ i: Int) -> Tensor {
            Tensor(
                Array(t.scalars[t.count / 4 * i..<t.count / 4 * (i + 1)]), shape: [t.shape[0] / 4] + t.shape.dropFirst()
            )
        }
        for i in 0..<4 {
            let (outputs, pullback) = valueWithPullback(of: [part(x, i), w]) {
                [$0[0].convolved2d(weight: $0[1], stride: c.stride, padding: c.padding)]
            }
            let gradients = pullback([part(upstream, i)]).1
            output += outputs[0].scalars
            dx += try #require(gradients[0]).scalars
            dw = try dw + #require(gradients[1])
        }
        expectClose(outputs[0], Tensor(output, shape: outputs[0].shape), "output")
        expectClose(try #require(gradients[0]), Tensor(dx, shape: x.shape), "dx")
        expectClose(try #require(gradients[1]), dw, "dw")
    }
}

import ConcordTensors
import TestSupport
import Testing

/// The faster ways of convolutions along time against windows cut out one by one and multiplied.
@Suite struct SequenceConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let steps, kernel, stride, padding: Int
        var samples = 8, channels = 64, filters = 80
        var testDescription: String { name }

        var x: Tensor { hashed(name + " x", [samples, steps, channels]) }
        var weight: Tensor { hashed(name + " w", [filters, channels, kernel], scale: 0.1) }
        var bias: Tensor { hashed(name + " b", [filters]) }

        func windows(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
            let count = (steps + 2 * padding - kernel) / stride + 1
            let places = (0..<count).flatMap { window in (0..<kernel).map { Int32(window * stride + $0) } }
            let cut = x.padded([(0, 0), (padding, padding), (0, 0)]).gathered(
                at: Tensor(places, shape: [places.count]), axis: 1)
            let product = cut.reshaped([samples * count, kernel * channels])
                .matmul(weight.permuted([2, 1, 0]).reshaped([kernel * channels, filters]))
            return (bias.map { product + $0 } ?? product).reshaped([samples, count, filters])
        }
    }

    static let strips = [
        Case(name: "two strides", steps: 130, kernel: 8, stride: 4, padding: 2),
        Case(name: "even", steps: 64, kernel: 4, stride: 2, padding: 1),
        Case(name: "even over two strides", steps: 128, kernel: 8, stride: 4, padding: 2),
        Case(name: "even with wide edges", steps: 96, kernel: 13, stride: 2, padding: 6),
        Case(name: "stride of one", steps: 40, kernel: 3, stride: 1, padding: 1),
        Case(name: "uneven", steps: 100, kernel: 5, stride: 3, padding: 0),
        Case(name: "uneven with padding", steps: 101, kernel: 7, stride: 3, padding: 3),
        Case(name: "side by side", steps: 71, kernel: 2, stride: 2, padding: 0),
        Case(name: "gaps", steps: 140, kernel: 2, stride: 4, padding: 1),
        Case(name: "much padding", steps: 30, kernel: 5, stride: 1, padding: 4),
        Case(name: "into the padding", steps: 60, kernel: 2, stride: 2, padding: 5),
        Case(name: "kernel beyond the sequence", steps: 34, kernel: 40, stride: 1, padding: 20),
    ]

    static let waves = [
        Case(name: "wave", steps: 1003, kernel: 10, stride: 5, padding: 3, samples: 3, channels: 1, filters: 40),
        Case(name: "one vector", steps: 300, kernel: 5, stride: 2, padding: 0, samples: 2, channels: 1, filters: 16),
        Case(name: "odd", steps: 211, kernel: 18, stride: 7, padding: 9, samples: 1, channels: 1, filters: 33),
        Case(name: "stereo", steps: 97, kernel: 8, stride: 3, padding: 2, samples: 5, channels: 2, filters: 64),
        Case(name: "short", steps: 4, kernel: 3, stride: 1, padding: 1, samples: 1, channels: 1, filters: 17),
    ]

    @Test(arguments: strips + waves, [true, false])
    func equalsProductsOfWindows(_ c: Case, hasBias: Bool) {
        let inputs = [c.x, c.weight] + (hasBias ? [c.bias] : [])
        func run(_ body: @escaping (Tensor, Tensor, Tensor?) -> Tensor) -> [Tensor] {
            let (outputs, pullback) = valueWithPullback(of: inputs) { [body($0[0], $0[1], $0.count > 2 ? $0[2] : nil)] }
            return outputs + pullback([hashed("upstream", outputs[0].shape)]).1.compactMap { $0 }
        }
        let ours = run { $0.convolved1d(weight: $1, bias: $2, stride: c.stride, padding: c.padding) }
        let expected = run(c.windows)
        #expect(ours.count == inputs.count + 1)
        for (place, (a, b)) in zip(ours, expected).enumerated() {
            expectClose(a, b, ["output", "dx", "dw", "db"][place])
        }
    }

    @Test(arguments: [strips[0], strips[2], strips[6], waves[0]])
    func severalThreadsGetTheSameNumbers(_ c: Case) async {
        let (x, w) = (c.x, c.weight)
        @Sendable func run() -> [[Float]] {
            let (outputs, pullback) = valueWithPullback(of: [x, w]) {
                [$0[0].convolved1d(weight: $0[1], stride: c.stride, padding: c.padding)]
            }
            return (outputs + pullback([hashed("upstream", outputs[0].shape)]).1.compactMap { $0 }).map(\.scalars)
        }
        let expected = run()
        await withTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<3 { group.addTask { run() } }
            for await result in group {
                for (a, b) in zip(result, expected) {
                    expectClose(Tensor(a, shape: [a.count]), Tensor(b, shape: [b.count]))
                }
            }
        }
    }
}

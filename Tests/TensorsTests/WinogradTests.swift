import ConcordTensors
import TestSupport
import Testing

/// Convolutions large enough for Winograd's method against those of a few samples at a time, which are too small for
/// it.
@Suite struct WinogradTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        let filters: Int
        /// Samples at a time in the direct ones: under 64 tiles of 4x4.
        let few: Int
        var hasBias = false
        var testDescription: String { name }

        var inputs: [Tensor] {
            let x = hashed(name + " x", input), weight = hashed(name + " w", [filters, input[3], 3, 3], scale: 0.1)
            return [x, weight] + (hasBias ? [hashed(name + " b", [filters])] : [])
        }
        var upstream: Tensor { hashed(name + " upstream", [input[0], input[1], input[2], filters]) }

        /// The output and the gradients of all inputs.
        func run(_ samples: Range<Int>) -> [Tensor] {
            let given = [inputs[0].sliced(samples, axis: 0)] + inputs.dropFirst()
            let (outputs, pullback) = valueWithPullback(of: given) {
                [$0[0].convolved2d(weight: $0[1], bias: $0.count > 2 ? $0[2] : nil, padding: 1)]
            }
            return outputs + pullback([upstream.sliced(samples, axis: 0)]).1.compactMap { $0 }
        }
    }

    static let cases = [
        Case(name: "tiles over the edge", input: [5, 14, 14, 32], filters: 48, few: 3),
        Case(name: "one sample", input: [1, 34, 33, 32], filters: 32, few: 1, hasBias: true),
        Case(name: "parts of a batch", input: [515, 4, 4, 256], filters: 32, few: 63, hasBias: true),
        Case(name: "uneven parts", input: [1031, 4, 3, 256], filters: 48, few: 63),
        Case(name: "more filters", input: [17, 8, 7, 64], filters: 160, few: 15),
        Case(name: "sums by blocks of filters", input: [65, 4, 4, 256], filters: 288, few: 60),
    ]

    @Test(arguments: cases) func equalsTheDirectOnesOfFewSamples(_ c: Case) {
        let ours = c.run(0..<c.input[0])
        #expect(ours.count == c.inputs.count + 1)
        if c.few == 1 { return expectClose(ours[0], unfolded(c), tolerance: 1e-5, "output") }
        let parts = stride(from: 0, to: c.input[0], by: c.few).map { c.run($0..<min(c.input[0], $0 + c.few)) }
        for (place, what) in ["output", "dx", "dw", "db"].enumerated() where place < ours.count {
            let expected = parts.map { $0[place] }
            let whole = place < 2 ? Tensor.concatenated(expected, axis: 0) : expected.dropFirst().reduce(expected[0], +)
            expectClose(ours[place], whole, tolerance: 1e-5, what)
        }
    }

    /// Nine products of shifted inputs.
    private func unfolded(_ c: Case) -> Tensor {
        let (x, w) = (c.inputs[0].padded([(0, 0), (1, 1), (1, 1), (0, 0)]), c.inputs[1])
        let rows = c.input[0] * c.input[1] * c.input[2]
        let terms = (0..<9).map { tap in
            let seen = x.sliced(tap / 3..<tap / 3 + c.input[1], axis: 1).sliced(tap % 3..<tap % 3 + c.input[2], axis: 2)
            let kernel = w.sliced(tap / 3..<tap / 3 + 1, axis: 2).sliced(tap % 3..<tap % 3 + 1, axis: 3)
            return seen.reshaped([rows, c.input[3]]).matmul(
                kernel.reshaped([c.filters, c.input[3]]), transposing: .right)
        }
        let sum = terms.dropFirst().reduce(terms[0], +)
        return (c.hasBias ? sum + c.inputs[2] : sum).reshaped(c.upstream.shape)
    }

    @Test func givesTheSameBitsAgain() {
        let c = Self.cases[2]
        let (once, again) = (c.run(0..<c.input[0]), c.run(0..<c.input[0]))
        for (a, b) in zip(once, again) { #expect(a.scalars == b.scalars) }
    }
}

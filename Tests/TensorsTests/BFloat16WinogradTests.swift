import ConcordTensors
import TestSupport
import Testing

/// Numbers that bfloat16 holds exactly at each step of Winograd's method: its results are then those of the direct
/// convolution in float32, bit for bit.
@Suite(.enabled(if: ConvolutionPlan.hasBFloat16Winograd, "no AVX512-BF16 here, or AMX, which is faster"))
struct BFloat16WinogradTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let input: [Int]
        let filters: Int
        var hasBias = false
        var testDescription: String { "\(input) to \(filters)\(hasBias ? " with a bias" : "")" }
    }

    /// Maps that end in the middle of a tile, few and many filters and channels, an odd number of tiles, and more
    /// tiles than are transformed at a time.
    static let cases = [
        Case(input: [4, 8, 8, 32], filters: 32),
        Case(input: [5, 7, 9, 48], filters: 80, hasBias: true),
        Case(input: [65, 1, 1, 32], filters: 64),
        Case(input: [33, 3, 4, 160], filters: 208, hasBias: true),
        Case(input: [67, 17, 17, 64], filters: 64),
        Case(input: [16, 4, 4, 512], filters: 512),
    ]

    private func integers(_ name: String, _ shape: [Int], to limit: Float, times factor: Float = 1) -> Tensor {
        let values = hashed(name, shape, scale: 2).scalars.map { ($0 * (limit + 0.49) / 2).rounded() * factor }
        return Tensor(values, shape: shape)
    }

    private func run(_ c: Case, as type: ElementType) -> [Tensor] {
        let weight = [c.filters, c.input[3], 3, 3]
        let inputs =
            [integers("x", c.input, to: 2).converted(to: type), integers("w", weight, to: 2, times: 4)]
            + (c.hasBias ? [integers("b", [c.filters], to: 9)] : [])
        let upstream = integers("dy", c.input.dropLast() + [c.filters], to: 2).converted(to: type)
        let (outputs, pullback) = valueWithPullback(of: inputs) {
            [$0[0].convolved2d(weight: $0[1], bias: $0.count > 2 ? $0[2] : nil, padding: 1)]
        }
        return outputs + pullback([upstream]).1.compactMap(\.self)
    }

    @Test(arguments: cases) func isExactWhereBFloat16Is(_ c: Case) {
        let plan = ConvolutionPlan(
            input: c.input, weight: [c.filters, c.input[3], 3, 3], stride: (1, 1), padding: (1, 1), groups: 1,
            isBFloat16: true, hasBias: c.hasBias)
        #expect(plan.forward == "BFloat16WinogradConvolution")
        #expect(plan.inputGradient == plan.forward && plan.weightGradient == plan.forward)
        let ours = run(c, as: .bfloat16), expected = run(c, as: .float32)
        #expect(ours.count == expected.count)
        for (place, what) in ["output", "dx", "dw", "db"].enumerated() where place < ours.count {
            // Integers, of which the float32 method may be off by a few millionths.
            let exact = Tensor(expected[place].scalars.map { $0.rounded() }, shape: expected[place].shape)
            let rounded = place < 2 ? exact.converted(to: .bfloat16) : exact
            #expect(ours[place].elementType == rounded.elementType)
            #expect(ours[place].scalars == rounded.scalars, "\(what)")
        }
    }

    @Test func givesTheSameBitsAgain() {
        let once = run(Self.cases[4], as: .bfloat16), again = run(Self.cases[4], as: .bfloat16)
        for (a, b) in zip(once, again) { #expect(a.scalars == b.scalars) }
    }

    @Test func whatIsNotANumberIsSeen() {
        let x = Tensor((0..<4 * 8 * 8 * 32).map { $0 == 77 ? Float.nan : 1 }, shape: [4, 8, 8, 32])
        let y = x.converted(to: .bfloat16).convolved2d(weight: Tensor(ones: [32, 32, 3, 3]), padding: 1)
        #expect(y.scalars.contains { $0.isNaN })
        #expect(y.scalars[y.count - 1] == 128, "a corner far away")
    }
}

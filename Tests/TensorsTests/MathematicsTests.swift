import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct MathematicsTests {
    struct Function: Sendable, CustomTestStringConvertible {
        let name: String
        let range: ClosedRange<Float>
        let tolerance: Double
        let ours: @Sendable (Tensor) -> Tensor
        let exact: @Sendable (Double) -> Double
        var testDescription: String { name }
    }

    /// Relative to the value itself; 1.2e-7 is one unit in the last place at worst.
    static let functions = [
        Function(name: "exp", range: -87...88.7, tolerance: 2.4e-7, ours: { $0.exp() }, exact: { Foundation.exp($0) }),
        Function(
            name: "log", range: 1e-30...1e30, tolerance: 2.4e-7, ours: { $0.log() }, exact: { Foundation.log($0) }),
        Function(
            name: "log near 1", range: 0.5...2, tolerance: 2.4e-7, ours: { $0.log() }, exact: { Foundation.log($0) }),
        Function(
            name: "log1p", range: -0.9...0.9, tolerance: 3.6e-7, ours: { $0.log1p() }, exact: { Foundation.log1p($0) }),
        Function(
            name: "log1p near 0", range: -1e-4...1e-4, tolerance: 3.6e-7, ours: { $0.log1p() },
            exact: { Foundation.log1p($0) }),
        Function(name: "tanh", range: -10...10, tolerance: 2.4e-7, ours: { $0.tanh() }, exact: { Foundation.tanh($0) }),
        Function(
            name: "sigmoid", range: -80...80, tolerance: 3.6e-7, ours: { $0.sigmoid() },
            exact: { 1 / (1 + Foundation.exp(-$0)) }),
        Function(
            name: "softplus", range: -80...80, tolerance: 3.6e-7, ours: { $0.softplus() },
            exact: { Swift.max($0, 0) + Foundation.log1p(Foundation.exp(-Swift.abs($0))) }),
        Function(
            name: "silu", range: -80...80, tolerance: 3.6e-7, ours: { $0.silu() },
            exact: { $0 / (1 + Foundation.exp(-$0)) }),
    ]

    @Test(arguments: functions) func everyElementIsWithinAFewUnitsInTheLastPlace(_ function: Function) {
        let unit = hashed("points", [20_011])
        let middle = (function.range.lowerBound + function.range.upperBound) / 2,
            half = (function.range.upperBound - function.range.lowerBound) / 2
        let x = unit * half + middle
        let worst = zip(x.scalars, function.ours(x).scalars).max { error($0, function) < error($1, function) }
        guard let worst else { return }
        #expect(
            error(worst, function) <= function.tolerance,
            "f(\(worst.0)) = \(worst.1), exactly \(function.exact(Double(worst.0)))")
    }

    private func error(_ pair: (Float, Float), _ function: Function) -> Double {
        let exact = function.exact(Double(pair.0))
        return exact == Double(pair.1) ? 0 : Swift.abs(Double(pair.1) - exact) / Swift.abs(exact)
    }

    @Test func geluIsWithinTwoTenMillionthsOfItsArgument() {
        let x = hashed("points", [20_011], scale: 12)
        for (a, y) in zip(x.scalars, x.gelu().scalars) {
            let exact = 0.5 * Double(a) * erfc(-Double(a) * 0.5.squareRoot())
            #expect(Swift.abs(Double(y) - exact) <= 2e-7 * Swift.max(1, Double(Swift.abs(a))))
        }
    }

    @Test func infinitiesAndNaNGoThrough() {
        let x = Tensor([.infinity, -.infinity, .nan, 0], shape: [4])
        func scalars(_ y: Tensor) -> [String] { y.scalars.map { "\($0)" } }
        #expect(scalars(x.exp()) == ["inf", "0.0", "nan", "1.0"])
        #expect(
            x.log().scalars[0] == .infinity && x.log().scalars[1].isNaN && x.log().scalars[2].isNaN
                && x.log().scalars[3] == -.infinity)
        #expect(x.log1p().scalars[0] == .infinity && x.log1p().scalars[2].isNaN && x.log1p().scalars[3] == 0)
        #expect(Tensor([-1], shape: [1]).log1p().item == -.infinity)
        #expect(x.tanh().scalars[0] == 1 && x.tanh().scalars[1] == -1 && x.tanh().scalars[2].isNaN)
        #expect(x.sigmoid().scalars[0] == 1 && x.sigmoid().scalars[1] == 0 && x.sigmoid().scalars[2].isNaN)
        #expect(x.softplus().scalars[0] == .infinity && x.softplus().scalars[1] == 0 && x.softplus().scalars[2].isNaN)
        #expect(scalars(x.relu()) == ["inf", "0.0", "nan", "0.0"])
        #expect(x.gelu().scalars[0] == .infinity && x.gelu().scalars[2].isNaN)
        #expect(scalars(x.clamped(to: -1...2)) == ["2.0", "-1.0", "nan", "0.0"])
    }

    @Test func expMeetsItsRangesEnds() {
        let x = Tensor([88.72, 88.73, -87.33, -87.4, -104.5], shape: [5])
        let y = x.exp().scalars
        #expect(y[0].isFinite && Swift.abs(y[0] / Foundation.exp(88.72) - 1) < 1e-5)
        #expect(y[1] == .infinity)
        #expect(Swift.abs(y[2] / Foundation.exp(-87.33) - 1) < 1e-5)
        #expect(y[3] == 0 && y[4] == 0)  // what is too small for a normal float counts as zero
        #expect(Swift.abs(Tensor([Float.leastNormalMagnitude], shape: [1]).log().item + 87.336545) < 1e-5)
        #expect(Tensor([Float.leastNonzeroMagnitude], shape: [1]).log().item == -.infinity)
    }

    @Test func powersOfNegativeNumbersFollowTheExponent() {
        let x = Tensor([-2, 3], shape: [2])
        #expect(x.pow(3).scalars == [-8, 27])
        #expect(x.pow(-1).scalars == [-0.5, 1 / 3])
        #expect(x.pow(0.5).scalars[0].isNaN)
        checkGradients(of: Tensor([0, 2], shape: [2])) { $0[0].pow(0) + $0[0].pow(1) + $0[0].pow(2) }
    }

    @Test func derivativesAtKinksAreZero() {
        let zero = Tensor([0], shape: [1])
        for body in [{ @Sendable (x: Tensor) in x.abs() }, { @Sendable (x: Tensor) in x.relu() }] {
            let gradient = valueWithPullback(of: [zero]) { [body($0[0])] }.pullback([Tensor(ones: [1])]).1[0]
            #expect(gradient?.item == 0)
        }
    }
}

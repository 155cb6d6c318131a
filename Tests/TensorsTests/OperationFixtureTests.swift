import ConcordTensors
import TestSupport
import Testing

/// Every operation and each of its gradients against PyTorch in float64 (`Tests/Fixtures/operations.py`).
@Suite struct OperationFixtureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let inputs: [Tensor]
        let body: @Sendable ([Tensor]) -> Tensor
        var testDescription: String { name }

        init(_ name: String, _ inputs: Tensor..., body: @escaping @Sendable ([Tensor]) -> Tensor) {
            self.name = name
            self.inputs = inputs
            self.body = body
        }
    }

    /// Multiples of 1/4, so that many are equal.
    static func ties(_ name: String, _ shape: [Int]) -> Tensor {
        hashed(name, shape, scale: 4).converted(to: .int32).converted(to: .float32) / 4
    }

    static let x = hashed("x", [7, 37], scale: 6), positive = hashed("positive", [7, 37]) + 1.0625
    static let a = hashed("a", [2, 3, 5, 17]), b = hashed("b", [3, 1, 17]) + 2
    static let t = ties("t", [4, 3, 19]), u = ties("u", [3, 19])
    static let indices = Tensor([4, 0, 4, 2, 2, 1] as [Int32], shape: [2, 3])

    static let elementwise = [
        Case("add", a, b) { $0[0] + $0[1] },
        Case("subtract", a, b) { $0[0] - $0[1] },
        Case("multiply", a, b) { $0[0] * $0[1] },
        Case("divide", a, b) { $0[0] / $0[1] },
        Case("divide left", b, a + 3) { $0[0] / $0[1] },
        Case("abs", x) { $0[0].abs() },
        Case("pow", positive) { $0[0].pow(1.7) },
        Case("cubed", x) { $0[0].pow(3) },
        Case("squared", x) { $0[0].squared() },
        Case("sqrt", positive) { $0[0].sqrt() },
        Case("exp", x) { $0[0].exp() },
        Case("log", positive) { $0[0].log() },
        Case("log1p", hashed("small", [7, 37], scale: 0.9)) { $0[0].log1p() },
        Case("tanh", x) { $0[0].tanh() },
        Case("sigmoid", x) { $0[0].sigmoid() },
        Case("softplus", x) { $0[0].softplus() },
        Case("relu", x) { $0[0].relu() },
        Case("silu", x) { $0[0].silu() },
        Case("gelu", x) { $0[0].gelu() },
        Case("gelu tanh", x) { $0[0].gelu(.tanh) },
        Case("gelu quick", x) { $0[0].gelu(.quick) },
        Case("clamped", x) { $0[0].clamped(to: -1.5...2) },
        Case("minimum", t, u) { $0[0].minimum($0[1]) },
        Case("maximum", t, u) { $0[0].maximum($0[1]) },
        Case("selecting", a, b) { (hashed("mask", [5, 17]) .> 0).selecting($0[0], otherwise: $0[1]) },
    ]

    static let reductions = [
        Case("sum", a) { $0[0].sum().reshaped([1]) },
        Case("sum 0 2", a) { $0[0].sum(axes: [0, 2]) },
        Case("sum 1", a) { $0[0].sum(axes: [1], keepingAxes: true) },
        Case("mean 3", a) { $0[0].mean(axis: 3) },
        Case("mean 1 2 3", a) { $0[0].mean(axes: [1, 2, 3]) },
        Case("variance", a) { $0[0].variance(axes: [0, 1, 2]) },
        Case("variance unbiased", a) { $0[0].variance(axes: [3], keepingAxes: true, unbiased: true) },
        Case("max 2", t) { $0[0].max(axis: 2) },
        Case("max 0 1", t) { $0[0].max(axes: [0, 1], keepingAxes: true) },
        Case("topK", x) { $0[0].topK(5).values },
    ]

    static let shapes = [
        Case("concatenated", a, hashed("c", [2, 4, 5, 17])) { .concatenated($0, axis: 1) },
        Case("stacked", u, ties("v", [3, 19])) { .stacked($0) },
        Case("split", a) {
            let parts = $0[0].split(into: [4, 13], axis: 3)
            return parts[0] * parts[1].sum(axes: [3], keepingAxes: true)
        },
        Case("sliced", a) { $0[0].sliced(1..<4, axis: 2) },
        Case("padded", a) { $0[0].padded([(1, 0), (0, 3), (2, 1), (0, 0)], with: 0.5) },
        Case("permuted 0 3 1 2", a) { $0[0].permuted([0, 3, 1, 2]) },
        Case("permuted 2 0 1 3", a) { $0[0].permuted([2, 0, 1, 3]) },
        Case("permuted 3 2 1 0", a) { $0[0].permuted([3, 2, 1, 0]) },
        Case("transposed", hashed("m", [3, 21, 34])) { $0[0].transposed() },
        Case("gathered 2", a) { $0[0].gathered(at: indices, axis: 2) },
        Case("gathered 0", x) { $0[0].gathered(at: indices) },
        Case("scattered", hashed("s", [2, 3, 6]), x.sliced(0..<6, axis: 1)) { $0[1].scatterAdd($0[0], at: indices) },
        Case("rows", x) { $0[0].rows(at: indices) },
    ]

    @Test(arguments: elementwise + reductions + shapes) func operationsEqualPyTorchs(_ operation: Case) {
        let fixture = Fixture("operations")
        let (outputs, pullback) = valueWithPullback(of: operation.inputs) { [operation.body($0)] }
        expectClose(outputs[0], fixture[operation.name], "output")
        let cotangents = pullback([hashed("\(operation.name) dy", outputs[0].shape)]).1
        for (place, cotangent) in cotangents.enumerated() {
            guard let cotangent else {
                Issue.record("input \(place) got no gradient")
                continue
            }
            expectClose(cotangent, fixture["\(operation.name) d\(place)"], "input \(place)")
        }
    }

    /// Central differences hold where the operation is smooth between the two evaluations: not at ties. The larger
    /// shapes are left out.
    @Test(
        arguments: (elementwise + reductions + shapes).filter {
            !["minimum", "maximum", "max 2", "max 0 1", "concatenated", "transposed"].contains($0.name)
        })
    func gradientsMatchDifferences(_ operation: Case) {
        let inputs = operation.inputs
        let isCurved = ["abs", "relu", "clamped", "topK", "log", "sqrt", "pow"].contains(operation.name)
        let step: Float = isCurved ? 1e-3 : 1e-2
        if inputs.count == 1 {
            checkGradients(of: inputs[0], tolerance: 3e-3, step: step, operation.body)
        } else {
            checkGradients(of: inputs[0], inputs[1], tolerance: 3e-3, step: step, operation.body)
        }
    }

    @Test func placesOfExtremesEqualPyTorchs() {
        let fixture = Fixture("operations"), t = hashed("t2", [4, 3, 19])
        #expect(t.argmax(axis: 2).integerScalars == fixture["argmax 2"].integerScalars)
        #expect(t.argmax(axis: 1).integerScalars == fixture["argmax 1"].integerScalars)
        #expect(Self.x.topK(5).indices.integerScalars == fixture["topK indices"].integerScalars)
    }
}

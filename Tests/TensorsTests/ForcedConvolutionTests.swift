import ConcordTensors
import TestSupport
import Testing

/// Every method for convolutions, chosen wherever it can solve the problem, whether it is the fastest or not: the
/// fixtures' small problems are else all the direct convolution's.
struct ForcedConvolutionTests {
    /// One problem of the fixtures.
    private struct Problem {
        let name: String
        let inputs: [Tensor]
        let plan: (_ isBFloat16: Bool) -> ConvolutionPlan
        let convolved: ([Tensor]) -> Tensor

        init(_ c: ConvolutionTests.Case) {
            name = c.name
            inputs = [c.x, c.weight] + (c.bias.map { [$0] } ?? [])
            plan = {
                ConvolutionPlan(
                    input: c.input, weight: c.weight.shape, stride: c.stride, padding: c.padding, dilation: c.dilation,
                    groups: c.groups, isBFloat16: $0, hasBias: c.hasBias)
            }
            convolved = {
                $0[0].convolved2d(
                    weight: $0[1], bias: $0.count > 2 ? $0[2] : nil, stride: c.stride, padding: c.padding,
                    dilation: c.dilation, groups: c.groups)
            }
        }

        init(_ c: ConvolutionTests.Sequence) {
            name = c.name
            inputs = [
                hashed(c.name + " x", c.input), hashed(c.name + " w", [c.filters, c.input[2] / c.groups, c.kernel]),
                hashed(c.name + " b", [c.filters]),
            ]
            plan = {
                ConvolutionPlan(
                    input: [c.input[0], 1, c.input[1], c.input[2]],
                    weight: [c.filters, c.input[2] / c.groups, 1, c.kernel], stride: (1, c.stride),
                    padding: (0, c.padding), dilation: (1, c.dilation), groups: c.groups, isBFloat16: $0, hasBias: true)
            }
            convolved = {
                $0[0].convolved1d(
                    weight: $0[1], bias: $0[2], stride: c.stride, padding: c.padding, dilation: c.dilation,
                    groups: c.groups)
            }
        }

        /// The output and the gradients.
        private func results() -> [Tensor] {
            let (outputs, pullback) = valueWithPullback(of: inputs) { [convolved($0)] }
            let gradients = pullback([hashed(name + " upstream", outputs[0].shape)]).1
            return [outputs[0].converted(to: .float32)] + gradients.compactMap { $0 }
        }

        /// Compares the output and the gradients with PyTorch's, and with those of another time.
        func check(_ fixture: Fixture, tolerance: Float) {
            let once = results(), again = results()
            #expect(once.count == inputs.count + 1)
            for (place, label) in [name, "\(name) dx", "\(name) dw", "\(name) db"].prefix(once.count).enumerated() {
                expectClose(once[place], fixture[label], tolerance: tolerance, label)
                #expect(once[place].scalars == again[place].scalars, "\(label): the same bits again")
            }
        }
    }

    private static var problems: [Problem] {
        ConvolutionTests.cases.map { Problem($0) } + ConvolutionTests.sequences.map { Problem($0) }
    }

    @Test(arguments: ConvolutionPlan.methods)
    func equalsPyTorchWhereverItSolvesTheProblem(_ method: String) throws {
        let fixture = Fixture("convolution")
        var ran = [false, false, false]
        for problem in Self.problems {
            // Activations, weights and the output's gradient are rounded to 2^-9 of their size.
            for (precision, tolerance) in [(Precision.float32, 1e-5), (.bfloat16, 0x1p-6)] as [(Precision, Float)] {
                guard precision == .float32 || Processor.hasBFloat16 else { continue }
                withKernels(.forcing(convolution: method)) {
                    let plan = problem.plan(precision == .bfloat16)
                    let own = [plan.forward, plan.inputGradient, plan.weightGradient].map { $0 == method }
                    guard own.contains(true) else { return }
                    withPrecision(precision) { problem.check(fixture, tolerance: tolerance) }
                    ran = zip(ran, own).map { $0 || $1 }
                }
            }
        }
        let isAvailable = ConvolutionPlan.isAvailable(method)
        let expected = isAvailable ? ConvolutionPlan.passes(of: method) : [false, false, false]
        #expect(ran == expected)
    }

    @Test func aMethodThatCannotSolveTheProblemIsPassedOver() {
        func plan() -> ConvolutionPlan {
            ConvolutionPlan(
                input: [64, 4, 4, 128], weight: [256, 128, 3, 3], stride: (2, 2), padding: (1, 1), groups: 1,
                isBFloat16: false, hasBias: false)
        }
        for method in ["OneDNNWinogradConvolution", "ImplicitGEMM1D", "Im2ColGEMM", "no such method"] {
            #expect(withKernels(.forcing(convolution: method)) { plan().forward } == plan().forward)
        }
        #expect(withKernels(.forcing(convolution: "DirectConvolution")) { plan().forward } == "DirectConvolution")
        #expect(plan().forward == "SmallMapGEMM")
    }
}

/// The three computations that a convolution consists of.
package enum ConvolutionPass: String, Hashable, Sendable, Codable {
    case forward
    case inputGradient = "input gradient"
    case weightGradient = "weight gradient"
}

/// One pass of a convolution over `[N, H, W, C]` activations.
struct ConvolutionProblem {
    let geometry: ConvolutionGeometry
    let pass: ConvolutionPass
    /// The element type of activations and their gradients; the weights and their gradient are float32 either way.
    let isBFloat16: Bool
    /// Forward: a bias is added. Weight gradient: the bias's gradient is wanted too.
    var hasBias = false
    /// What follows the forward pass in inference; nil in training.
    var epilogue: ConvolutionEpilogue?

    /// The same pass over other sizes.
    func with(_ geometry: ConvolutionGeometry) -> ConvolutionProblem {
        ConvolutionProblem(
            geometry: geometry, pass: pass, isBFloat16: isBFloat16, hasBias: hasBias, epilogue: epilogue)
    }
}

/// A way to compute convolutions; one that has kernels for some of the passes only conforms to fewer of the protocols
/// below.
protocol ConvolutionMethod: Sendable {
    /// - Returns: nil where the method cannot solve the problem.
    init?(_ problem: ConvolutionProblem)

    /// Whether the method is faster than the later ones in `Convolutions.methods`, of problems that it can solve, on
    /// the processors that it was measured on.
    static func isFaster(_ problem: ConvolutionProblem) -> Bool

    /// Whether this machine has kernels for it.
    static var isAvailable: Bool { get }
}

extension ConvolutionMethod {
    static var isAvailable: Bool { true }

    /// By which tables of kernels choose it.
    static var name: String { String(describing: Self.self) }
}

protocol ForwardConvolution: ConvolutionMethod {
    /// `output = convolution(input, weight) + bias`, followed by the problem's epilogue.
    /// - Parameters:
    ///   - input: `[N, H, W, C]`; weight: `[filters, C / groups, kH, kW]`; bias: `[filters]`.
    ///   - output: `[N, H', W', filters]`, written.
    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor)
}

protocol InputGradientConvolution: ConvolutionMethod {
    /// - Parameters:
    ///   - upstream: the output's gradient, `[N, H', W', filters]`.
    ///   - shape: the input's, for the result.
    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor
}

protocol WeightGradientConvolution: ConvolutionMethod {
    /// - Parameter shape: the weights', for the result.
    /// - Returns: the weights' gradient, float32, and the bias's `[filters]` where the problem has one.
    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?)
}

/// Every method for convolutions, and the three passes by the one that the current `KernelTable` chooses where it can
/// solve the problem, or else by the first that can and is faster than those after it.
enum Convolutions {
    /// In the order in which they are tried, which is the same for all passes. Weights are packed on the way.
    ///
    /// The methods for float32 and those for bfloat16 (its Winograd's, im2col) exclude each other; the direct
    /// convolution takes everything.
    static let methods: [any ConvolutionMethod.Type] = [
        StridedPointwiseConvolution.self, PointwiseGEMM.self, OneDNNWinogradConvolution.self,
        Float32WinogradConvolution.self, BFloat16WinogradConvolution.self, SmallKernelWeightGradient.self,
        SmallMapGEMM.self, ImplicitGEMM1D.self, Im2ColGEMM.self, DirectConvolution.self,
    ]
    static let forwardMethods = methods.compactMap { $0 as? any ForwardConvolution.Type }
    static let inputGradientMethods = methods.compactMap { $0 as? any InputGradientConvolution.Type }
    static let weightGradientMethods = methods.compactMap { $0 as? any WeightGradientConvolution.Type }
    private static let byName = Dictionary(methods.map { ($0.name, $0) }) { first, _ in first }

    /// - Parameter epilogue: nil in training.
    static func forward(
        _ input: Tensor, _ weight: Tensor, _ bias: Tensor?, _ geometry: ConvolutionGeometry,
        _ epilogue: ConvolutionEpilogue? = nil, into output: Tensor
    ) {
        guard output.count > 0 else { return }
        MultiplyAdds.count(.convolution, geometry.multiplyAdds)
        let problem = ConvolutionProblem(
            geometry: geometry, pass: .forward, isBFloat16: input.elementType == .bfloat16, hasBias: bias != nil,
            epilogue: epilogue)
        forwardMethod(for: problem).forward(input, weight, bias, into: output)
    }

    /// The input's gradient from the output's, of its element type.
    static func inputGradient(
        _ upstream: Tensor, _ weight: Tensor, _ geometry: ConvolutionGeometry, shape: [Int]
    ) -> Tensor {
        guard shape.allSatisfy({ $0 > 0 }) else { return Tensor(uninitialized: shape, upstream.elementType) }
        MultiplyAdds.count(.convolution, geometry.multiplyAdds)
        let problem = ConvolutionProblem(
            geometry: geometry, pass: .inputGradient, isBFloat16: upstream.elementType == .bfloat16)
        return inputGradientMethod(for: problem).inputGradient(upstream, weight, shape: shape)
    }

    /// The weights' gradient and, where wanted, the bias's.
    static func weightGradient(
        _ input: Tensor, _ upstream: Tensor, _ geometry: ConvolutionGeometry, shape: [Int], hasBias: Bool
    ) -> (weight: Tensor, bias: Tensor?) {
        guard input.count > 0 else { return (Tensor(zeros: shape), hasBias ? Tensor(zeros: [geometry.filters]) : nil) }
        MultiplyAdds.count(.convolution, geometry.multiplyAdds)
        let problem = ConvolutionProblem(
            geometry: geometry, pass: .weightGradient, isBFloat16: upstream.elementType == .bfloat16,
            hasBias: hasBias)
        return weightGradientMethod(for: problem).weightGradient(input, upstream, shape: shape)
    }

    // MARK: Choice

    static func forwardMethod(for problem: ConvolutionProblem) -> any ForwardConvolution {
        if let chosen = (chosen(problem) as? any ForwardConvolution.Type)?.init(problem) { return chosen }
        for method in forwardMethods where method.isFaster(problem) {
            if let method = method.init(problem) { return method }
        }
        refuse(problem)
    }

    static func inputGradientMethod(for problem: ConvolutionProblem) -> any InputGradientConvolution {
        if let chosen = (chosen(problem) as? any InputGradientConvolution.Type)?.init(problem) { return chosen }
        for method in inputGradientMethods where method.isFaster(problem) {
            if let method = method.init(problem) { return method }
        }
        refuse(problem)
    }

    static func weightGradientMethod(for problem: ConvolutionProblem) -> any WeightGradientConvolution {
        if let chosen = (chosen(problem) as? any WeightGradientConvolution.Type)?.init(problem) { return chosen }
        for method in weightGradientMethods where method.isFaster(problem) {
            if let method = method.init(problem) { return method }
        }
        refuse(problem)
    }

    /// The table's, whether it can solve the problem or not.
    private static func chosen(_ problem: ConvolutionProblem) -> (any ConvolutionMethod.Type)? {
        KernelTable.current.convolution(problem).flatMap { byName[$0] }
    }

    private static func refuse(_ problem: ConvolutionProblem) -> Never {
        ShapeCheck.fail("convolution", "no method for the \(problem.pass) pass of \(problem.geometry)")
    }
}

extension ConvolutionProblem {
    /// The bias's gradient as a pass of its own over the output's, for methods that compute the weights' alone.
    func biasGradient(_ upstream: Tensor) -> Tensor? { hasBias ? Rows.sum(upstream) : nil }
}

/// What follows a convolution in inference, in the same pass over its output where the method can:
/// `max(0, y + residual)`.
struct ConvolutionEpilogue {
    /// Of the output's element type.
    var residual: Tensor?
    var rectifies = false

    var isEmpty: Bool { residual == nil && !rectifies }

    /// Writes to the output's memory what is added to it.
    func prepare(_ output: Tensor) {
        if let residual { Kernels.copy(residual, into: output) }
    }

    /// The same in a pass of its own, in place, with a bias `[C]` that is still to be added.
    func finish(_ output: Tensor, bias: Tensor?) {
        guard !isEmpty || bias != nil else { return }
        Kernels.addBiasAndResidual(output, bias: bias, residual: residual, rectifies: rectifies)
    }
}

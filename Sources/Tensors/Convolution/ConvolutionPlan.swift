/// Which methods compute the passes of a convolution in a training step, by name: for tests and diagnosis.
package struct ConvolutionPlan {
    package let forward, inputGradient, weightGradient: String

    /// The names of all methods.
    package static var methods: [String] { Convolutions.methods.map { $0.name } }

    /// Whether a method has kernels for the forward pass, the input's gradient and the weights' gradient.
    package static func passes(of method: String) -> [Bool] {
        let type = Convolutions.methods.first { $0.name == method }
        return [
            type is any ForwardConvolution.Type, type is any InputGradientConvolution.Type,
            type is any WeightGradientConvolution.Type,
        ]
    }

    /// Whether oneDNN has Winograd kernels for this processor.
    package static var hasWinograd: Bool { OneDNNWinogradConvolution.isAvailable }
    /// Whether `BFloat16WinogradConvolution` is used on this processor, which has no faster tiles.
    package static var hasBFloat16Winograd: Bool { BFloat16WinogradConvolution.isAvailable && !Processor.hasAMX }

    /// Whether this machine has kernels for a method.
    package static func isAvailable(_ method: String) -> Bool {
        Convolutions.methods.first { $0.name == method }?.isAvailable ?? false
    }

    /// - Parameters: as `convolved2d`'s, with shapes in place of tensors.
    package init(
        input: [Int], weight: [Int], stride: (Int, Int), padding: (Int, Int), dilation: (Int, Int) = (1, 1),
        groups: Int, isBFloat16: Bool, hasBias: Bool
    ) {
        let geometry = ConvolutionGeometry(
            input: input, weight: weight, bias: hasBias ? [weight[0]] : nil, stride: .init(stride),
            padding: .init(padding), dilation: .init(dilation), groups: groups, in: "ConvolutionPlan")
        func problem(_ pass: ConvolutionPass) -> ConvolutionProblem {
            ConvolutionProblem(
                geometry: geometry, pass: pass, isBFloat16: isBFloat16, hasBias: hasBias && pass != .inputGradient)
        }
        forward = Self.method(for: problem(.forward))
        inputGradient = Self.method(for: problem(.inputGradient))
        weightGradient = Self.method(for: problem(.weightGradient))
    }

    /// The name of the method that computes a pass.
    static func method(for problem: ConvolutionProblem) -> String {
        switch problem.pass {
        case .forward: type(of: Convolutions.forwardMethod(for: problem)).name
        case .inputGradient: type(of: Convolutions.inputGradientMethod(for: problem)).name
        case .weightGradient: type(of: Convolutions.weightGradientMethod(for: problem)).name
        }
    }

    /// The class that a pass of a dense convolution of stride 1 belongs to in a `KernelTable`; nil where it belongs to
    /// none.
    /// - Parameters: as `convolved2d`'s, with shapes in place of tensors.
    package static func problems(
        of pass: ConvolutionPass, input: [Int], weight: [Int], padding: (Int, Int), isBFloat16: Bool
    ) -> ConvolutionClass? {
        let geometry = ConvolutionGeometry(
            input: input, weight: weight, bias: nil, stride: .init(1, 1), padding: .init(padding),
            dilation: .init(1, 1), groups: 1, in: "ConvolutionPlan")
        return ConvolutionClass(ConvolutionProblem(geometry: geometry, pass: pass, isBFloat16: isBFloat16))
    }
}

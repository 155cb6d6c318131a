extension KernelTuning {
    // MARK: Problems

    /// 3x3 kernels: channels, filters, side of the map, stride, samples.
    private static let maps = [
        (16, 16, 32, 1, 32), (32, 32, 64, 1, 16), (32, 32, 32, 1, 32), (32, 32, 16, 1, 64), (64, 64, 56, 1, 8),
        (64, 64, 32, 1, 16), (64, 64, 16, 1, 32), (64, 64, 8, 1, 64), (128, 128, 28, 1, 16), (128, 128, 16, 1, 32),
        (128, 128, 8, 1, 64), (128, 128, 4, 1, 128), (256, 256, 14, 1, 16), (512, 512, 7, 1, 16), (512, 512, 4, 1, 32),
        (512, 512, 2, 1, 128), (64, 128, 56, 2, 16), (64, 128, 32, 2, 32), (128, 256, 28, 2, 16), (128, 256, 16, 2, 32),
        (256, 512, 14, 2, 16), (256, 512, 8, 2, 64), (512, 512, 4, 2, 128),
    ]
    /// 1x1 kernels: channels, filters, side of the map, samples.
    private static let points = [
        (64, 256, 56, 8), (128, 512, 28, 16), (256, 1024, 14, 16), (512, 2048, 7, 16), (64, 128, 16, 64),
        (128, 256, 8, 128), (256, 512, 4, 128),
    ]
    /// Along one axis: channels and filters, steps, kernel, stride, samples.
    private static let sequences = [
        (64, 512, 3, 1, 32), (128, 512, 3, 1, 16), (256, 512, 3, 1, 8), (64, 1024, 4, 2, 32), (256, 1024, 8, 4, 8),
        (512, 500, 3, 2, 8),
    ]

    var geometries: [ConvolutionGeometry] {
        func geometry(
            _ batch: Int, _ map: (Int, Int), _ channels: (Int, Int), _ kernel: (Int, Int), _ stride: (Int, Int),
            _ padding: (Int, Int)
        ) -> ConvolutionGeometry {
            ConvolutionGeometry(
                input: [batch, map.0, map.1, channels.0], weight: [channels.1, channels.0, kernel.0, kernel.1],
                bias: nil, stride: .init(stride), padding: .init(padding), dilation: .init(1, 1), groups: 1,
                in: "KernelTuning")
        }
        guard !isQuick else {
            return [
                geometry(8, (8, 8), (32, 32), (3, 3), (1, 1), (1, 1)),
                geometry(8, (1, 64), (32, 32), (1, 3), (1, 1), (0, 1)),
            ]
        }
        return Self.maps.map { geometry($4, ($2, $2), ($0, $1), (3, 3), ($3, $3), (1, 1)) }
            + Self.points.map { geometry($3, ($2, $2), ($0, $1), (1, 1), (1, 1), (0, 0)) }
            + Self.sequences.map { geometry($4, (1, $1), ($0, $0), (1, $2), (1, $3), (0, $2 / 2)) }
    }

    // MARK: Measurement

    /// The methods that are faster than the standard ones.
    func convolutionRules(_ report: (KernelComparison) -> Void) -> [ConvolutionRule] {
        var rules: [ConvolutionRule] = []
        for geometry in geometries {
            for isBFloat16 in Processor.hasBFloat16 ? [false, true] : [false] {
                let operands = ConvolutionOperands(geometry, isBFloat16: isBFloat16)
                for pass in [ConvolutionPass.forward, .inputGradient, .weightGradient] {
                    let problem = ConvolutionProblem(geometry: geometry, pass: pass, isBFloat16: isBFloat16)
                    guard let problems = ConvolutionClass(problem), let result = compare(problem, operands) else {
                        continue
                    }
                    report(result)
                    guard result.fastest != result.standard else { continue }
                    rules.append(
                        ConvolutionRule(problems: problems, method: result.fastest, gain: Self.rounded(result.gain)))
                }
            }
        }
        return rules
    }

    /// Nil where one method alone solves the problem.
    private func compare(_ problem: ConvolutionProblem, _ operands: ConvolutionOperands) -> KernelComparison? {
        let standard = ConvolutionPlan.method(for: problem)
        let entrants = Convolutions.methods.compactMap { method in
            operands.run(method, problem).map { (name: method.name, run: $0) }
        }.sorted { $0.name == standard && $1.name != standard }
        guard entrants.count > 1 else { return nil }
        return KernelRace(problem: problem.description, entrants: entrants, rounds: rounds).run()
    }
}

/// What the passes of a convolution compute with.
private final class ConvolutionOperands {
    private let input, upstream: Tensor
    private var weight: Tensor

    init(_ g: ConvolutionGeometry, isBFloat16: Bool) {
        input = KernelTuning.values([g.batch, g.height, g.width, g.channels], isBFloat16: isBFloat16)
        upstream = KernelTuning.values([g.batch, g.outHeight, g.outWidth, g.filters], isBFloat16: isBFloat16)
        weight = KernelTuning.values([g.filters, g.channels, g.kernel.height, g.kernel.width])
    }

    /// The weights of another step, which have to be packed again.
    private var nextWeight: Tensor {
        weight.update { _ in }
        return weight
    }

    /// One pass by one method; nil where it cannot solve the problem.
    func run(_ method: any ConvolutionMethod.Type, _ problem: ConvolutionProblem) -> (() -> Void)? {
        switch problem.pass {
        case .forward:
            guard let method = (method as? any ForwardConvolution.Type)?.init(problem) else { return nil }
            let output = Tensor(uninitialized: upstream.shape, upstream.elementType)
            return { method.forward(self.input, self.nextWeight, nil, into: output) }
        case .inputGradient:
            guard let method = (method as? any InputGradientConvolution.Type)?.init(problem) else { return nil }
            return { _ = method.inputGradient(self.upstream, self.nextWeight, shape: self.input.shape) }
        case .weightGradient:
            guard let method = (method as? any WeightGradientConvolution.Type)?.init(problem) else { return nil }
            return { _ = method.weightGradient(self.input, self.upstream, shape: self.weight.shape) }
        }
    }
}

extension ConvolutionProblem: CustomStringConvertible {
    /// `3x3 convolution, forward in float32: [16, 28, 28, 128], 128 filters`, with the stride where there is one.
    var description: String {
        let g = geometry, stride = g.stride == .init(1, 1) ? "" : ", stride \(g.stride.width)"
        return "\(g.kernel.height)x\(g.kernel.width) convolution, \(pass.rawValue) in "
            + "\(isBFloat16 ? "bfloat16" : "float32"): \([g.batch, g.height, g.width, g.channels]), "
            + "\(g.filters) filters\(stride)"
    }
}

import CKernels

/// 3x3 convolutions of stride 1 over bfloat16 activations in four ninths of the multiplications: F(2x2, 3x3) of Lavin
/// and Gray, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308), with products of bfloat16 numbers
/// summed in float32.
///
/// Tiles of the input and weights are transformed in float32 and rounded to bfloat16, so that outputs are off by 1.7 to
/// 1.9 times as much as a direct bfloat16 convolution's, of which the weights and outputs alone are rounded: 4e-3 of
/// their root mean square against 2.3e-3. The weights' gradient, which a direct one sums up exactly, is off by 3.5e-3;
/// PyTorch's, rounded to bfloat16, by 1.7e-3.
///
/// Measured on two cores of an AMD EPYC (Zen 4), oneDNN 2.6 direct against this, forward, backward to the input and to
/// the weights: 512 samples of 64 channels on 32x32 83, 83, 105 ms against 51, 51, 57; 256 on 8x8 75, 80, 85 against
/// 41, 42, 51; 16 samples of 64 channels on 56x56 8.2, 8.2, 9.2 against 5.0, 5.0, 5.8; 512 on 7x7 8.6, 8.6, 9.9 against
/// 6.4, 7.4, 9.0. On AMX's tiles the direct one is faster.
struct BFloat16WinogradConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private let winograd: TiledWinograd

    init?(_ problem: ConvolutionProblem) {
        guard Self.isAvailable, let winograd = TiledWinograd(problem, .bfloat16, concord_winograd_bfloat16()) else {
            return nil
        }
        (self.problem, self.winograd) = (problem, winograd)
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry
        return !Processor.hasAMX && min(g.channels, g.filters) >= 32 && TiledWinograd.tiles(g, side: 2) >= 64
    }

    /// The processor multiplies bfloat16 vectors, and oneDNN may do so too (`ONEDNN_MAX_CPU_ISA`).
    static let isAvailable: Bool = Processor.hasBFloat16 && concord_winograd_bfloat16() != nil

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        winograd.forward(input, weight, bias, into: output)
        problem.epilogue?.finish(output, bias: nil)
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        winograd.inputGradient(upstream, weight, shape: shape)
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        (winograd.weightGradient(input, upstream, shape: shape), problem.biasGradient(upstream))
    }
}

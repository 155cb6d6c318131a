import CKernels

/// 3x3 convolutions of stride 1 in a quarter of the multiplications: F(4x4, 3x3) of Lavin and Gray, "Fast Algorithms
/// for Convolutional Neural Networks" (arXiv:1509.09308), on activations as they are. oneDNN has none from version 3
/// on, nor for AVX2.
///
/// Against float64 its errors are those of `OneDNNWinogradConvolution`: 2e-6 to 5e-6 of the outputs' root mean square,
/// and of the weights' gradient over half a million positions 2.3e-6, where a direct convolution has 2.0e-6.
///
/// Measured on two cores of an AMD EPYC (Zen 4), oneDNN 2.6 direct, its Winograd's without the copies that that needs,
/// and this: 512 samples of 64 channels on 32x32 175, 74, 63 ms backward to the input, 188, 104, 79 to the weights; 256
/// on 8x8 152, 62, 51 and 158, 63, 58; 512 on 4x4 125, 57, 56 and 169, 58, 71; 16 samples of 128 channels on 28x28 16,
/// 6.6, 5.7 and 17, 7.2, 6.4; 512 on 7x7 14, 9.7, 12 and 15, 10, 15. Since then the gradient of many weights is summed
/// by blocks of filters: on Zen 5 both gradients of 32 samples of 512 on 7x7 take 20 to 22 ms with oneDNN's Winograd's
/// for the weights and 22 to 24 with this, of 64 on 4x4 16 and 16, of 256 42 and 47, with half the working memory.
struct Float32WinogradConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private let winograd: TiledWinograd

    init?(_ problem: ConvolutionProblem) {
        guard let winograd = TiledWinograd(problem, .float32, concord_winograd_float32()) else { return nil }
        (self.problem, self.winograd) = (problem, winograd)
    }

    /// Tiles of 4x4 outputs: too many of them beyond the edges, too few to pay for the weights' transforms, or too few
    /// channels to pay for the tiles', and a direct convolution is faster.
    static func isFaster(_ problem: ConvolutionProblem) -> Bool {
        let g = problem.geometry, tiles = TiledWinograd.tiles(g, side: 4), channels = min(g.channels, g.filters)
        let isFull = 20 * g.batch * g.height * g.width >= 11 * 16 * tiles
        return isFull && channels >= 32 && tiles >= 64
    }

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

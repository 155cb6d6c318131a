import ConcordTensors
import TestSupport
import Testing

/// Which method computes a convolution: the choice decides speed, and a wrong one is not seen in numbers.
struct ConvolutionMethodTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        let weight: [Int]
        var stride = (1, 1), padding = (0, 0), groups = 1
        var isBFloat16 = false, hasBias = false
        /// The methods of the forward pass, the input's gradient and the weights' gradient.
        let forward: String, inputGradient: String, weightGradient: String
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "three channels", input: [8, 32, 32, 3], weight: [64, 3, 3, 3], padding: (1, 1),
            forward: "DirectConvolution", inputGradient: "DirectConvolution", weightGradient: "DirectConvolution"),
        Case(
            name: "small maps", input: [64, 4, 4, 128], weight: [256, 128, 3, 3], stride: (2, 2), padding: (1, 1),
            forward: "SmallMapGEMM", inputGradient: "SmallMapGEMM", weightGradient: "SmallMapGEMM"),
        Case(
            name: "small maps with a bias", input: [64, 4, 4, 128], weight: [256, 128, 3, 3], stride: (2, 2),
            padding: (1, 1), hasBias: true, forward: "DirectConvolution", inputGradient: "SmallMapGEMM",
            weightGradient: "SmallMapGEMM"),
        Case(
            name: "small maps of few channels", input: [64, 4, 4, 64], weight: [64, 64, 5, 5], padding: (2, 2),
            forward: "SmallMapGEMM", inputGradient: "DirectConvolution", weightGradient: "SmallMapGEMM"),
        Case(
            name: "one axis", input: [8, 1, 512, 64], weight: [128, 64, 1, 8], stride: (1, 4), padding: (0, 2),
            hasBias: true, forward: "ImplicitGEMM1D", inputGradient: "ImplicitGEMM1D",
            weightGradient: "ImplicitGEMM1D"),
        Case(
            name: "sound", input: [8, 1, 2048, 1], weight: [64, 1, 1, 10], stride: (1, 5), padding: (0, 3),
            forward: "DirectConvolution", inputGradient: "DirectConvolution",
            weightGradient: "SmallKernelWeightGradient"),
        Case(
            name: "sound in bfloat16", input: [8, 1, 2048, 1], weight: [64, 1, 1, 10], stride: (1, 5),
            padding: (0, 3), isBFloat16: true, forward: "DirectConvolution", inputGradient: "DirectConvolution",
            weightGradient: "SmallKernelWeightGradient"),
        Case(
            name: "pointwise with a stride", input: [8, 16, 16, 32], weight: [64, 32, 1, 1], stride: (2, 2),
            forward: "StridedPointwiseConvolution", inputGradient: "StridedPointwiseConvolution",
            weightGradient: "StridedPointwiseConvolution"),
        Case(
            name: "small maps in bfloat16", input: [15, 4, 4, 64], weight: [64, 64, 3, 3], padding: (1, 1),
            isBFloat16: true, forward: "Im2ColGEMM", inputGradient: "Im2ColGEMM", weightGradient: "Im2ColGEMM"),
        Case(
            name: "strided in bfloat16", input: [16, 16, 16, 64], weight: [64, 64, 3, 3], stride: (2, 2),
            padding: (1, 1), isBFloat16: true, forward: "DirectConvolution", inputGradient: "DirectConvolution",
            weightGradient: "Im2ColGEMM"),
        Case(
            name: "grouped", input: [64, 4, 4, 128], weight: [128, 64, 3, 3], padding: (1, 1), groups: 2,
            forward: "DirectConvolution", inputGradient: "DirectConvolution", weightGradient: "DirectConvolution"),
    ]

    @Test(arguments: cases) func isTheFirstThatTakesTheProblem(_ c: Case) {
        let methods = ConvolutionPlan(
            input: c.input, weight: c.weight, stride: c.stride, padding: c.padding, groups: c.groups,
            isBFloat16: c.isBFloat16, hasBias: c.hasBias)
        #expect(methods.forward == c.forward)
        #expect(methods.inputGradient == c.inputGradient)
        #expect(methods.weightGradient == c.weightGradient)
    }

    @Test func largeThreeByThreeConvolutionsAreWinograds() {
        let methods = ConvolutionPlan(
            input: [16, 28, 28, 64], weight: [64, 64, 3, 3], stride: (1, 1), padding: (1, 1), groups: 1,
            isBFloat16: false, hasBias: true)
        #expect(methods.forward == "Float32WinogradConvolution")
        #expect(methods.inputGradient == "Float32WinogradConvolution")
        #expect(methods.weightGradient == "Float32WinogradConvolution")
    }

    @Test(.enabled(if: ConvolutionPlan.hasWinograd, "oneDNN has no Winograd kernels here"))
    func outputsOfMoreWeightsThanTilesAreOneDNNsWinograds() {
        let methods = ConvolutionPlan(
            input: [64, 4, 4, 512], weight: [512, 512, 3, 3], stride: (1, 1), padding: (1, 1), groups: 1,
            isBFloat16: false, hasBias: true)
        #expect(methods.forward == "OneDNNWinogradConvolution")
        #expect(methods.inputGradient == "OneDNNWinogradConvolution")
        #expect(methods.weightGradient == "Float32WinogradConvolution")
    }

    @Test(.enabled(if: ConvolutionPlan.hasBFloat16Winograd, "no AVX512-BF16 here, or AMX, which is faster"))
    func largeThreeByThreeConvolutionsInBFloat16AreWinograds() {
        let methods = ConvolutionPlan(
            input: [16, 28, 28, 64], weight: [64, 64, 3, 3], stride: (1, 1), padding: (1, 1), groups: 1,
            isBFloat16: true, hasBias: true)
        #expect(methods.forward == "BFloat16WinogradConvolution")
        #expect(methods.inputGradient == "BFloat16WinogradConvolution")
        #expect(methods.weightGradient == "BFloat16WinogradConvolution")
    }

    @Test(.enabled(if: BFloat16x3GEMM.isAvailable, "this processor has no AMX tiles, or oneDNN may not use them"))
    func largePointwiseConvolutionsAreOneGEMM() {
        let methods = ConvolutionPlan(
            input: [16, 16, 16, 256], weight: [256, 256, 1, 1], stride: (1, 1), padding: (0, 0), groups: 1,
            isBFloat16: false, hasBias: true)
        #expect(methods.forward == "PointwiseGEMM")
        #expect(methods.inputGradient == "PointwiseGEMM")
        #expect(methods.weightGradient == "PointwiseGEMM")
    }
}

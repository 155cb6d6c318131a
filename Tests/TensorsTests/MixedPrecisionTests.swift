import ConcordTensors
import TestSupport
import Testing

/// Operations in bfloat16 against the same in float32 on the same rounded numbers: outputs and gradients within
/// bfloat16's rounding, 2^-8 of a number and so 2^-8 of the largest, and a little for factors and cotangents that are
/// rounded on the way.
@Suite(.enabled(if: Processor.hasBFloat16)) struct MixedPrecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Activations, which are bfloat16, then parameters.
        let activations: [[Int]]
        var parameters: [[Int]] = []
        var type = ElementType.bfloat16
        var tolerance: Float = 0x1p-7
        let body: @Sendable ([Tensor]) -> Tensor
        var testDescription: String { name }

        init(
            _ name: String, _ activations: [[Int]], _ parameters: [[Int]] = [], gives type: ElementType = .bfloat16,
            tolerance: Float = 0x1p-7, _ body: @escaping @Sendable ([Tensor]) -> Tensor
        ) {
            (self.name, self.activations, self.parameters, self.type, self.tolerance) = (
                name, activations, parameters, type, tolerance
            )
            self.body = body
        }
    }

    static let products: [Case] = [
        Case("linear", [[5, 7, 33]], [[21, 33], [21]]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
        Case("linear without bias", [[64, 64]], [[32, 64]]) { $0[0].linear(weight: $0[1]) },
        Case("matmul", [[6, 40]], [[40, 17]]) { $0[0].matmul($0[1]) },
        Case("matmul of activations", [[6, 40], [9, 40]]) { $0[0].matmul($0[1], transposing: .right) },
        Case("matmul, left transposed", [[40, 6], [40, 9]]) { $0[0].matmul($0[1], transposing: .left) },
        Case("batches of products", [[3, 2, 6, 20], [3, 2, 20, 9]]) { $0[0].matmul($0[1]) },
        Case("convolution", [[3, 7, 6, 19]], [[33, 19, 3, 3], [33]]) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], padding: 1)
        },
        Case("strided convolution", [[2, 9, 9, 16]], [[32, 16, 3, 3]]) {
            $0[0].convolved2d(weight: $0[1], stride: 2, padding: 1)
        },
        Case("Winograd's convolution", [[16, 8, 8, 32]], [[48, 32, 3, 3], [48]]) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], padding: 1)
        },
        Case("Winograd's convolution over the edge", [[5, 9, 7, 112]], [[80, 112, 3, 3]]) {
            $0[0].convolved2d(weight: $0[1], padding: 1)
        },
        Case("stem", [[2, 30, 30, 3]], [[64, 3, 7, 7]]) { $0[0].convolved2d(weight: $0[1], stride: 2, padding: 3) },
        Case("pointwise convolution", [[3, 5, 5, 32]], [[16, 32, 1, 1]]) { $0[0].convolved2d(weight: $0[1]) },
        Case("strided pointwise convolution", [[3, 6, 6, 7]], [[16, 7, 1, 1]]) {
            $0[0].convolved2d(weight: $0[1], stride: 2)
        },
        Case("small maps", [[32, 2, 2, 64]], [[64, 64, 3, 3]]) { $0[0].convolved2d(weight: $0[1], padding: 1) },
        Case("many strided windows", [[9, 9, 8, 32]], [[40, 32, 3, 3], [40]]) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], stride: (2, 3), padding: (1, 0))
        },
        Case("windows wider than the map", [[8, 3, 2, 32]], [[32, 32, 5, 5], [32]]) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], padding: 2)
        },
        Case("many places", [[8, 4, 4, 32]], [[48, 32, 1, 1], [48]]) { $0[0].convolved2d(weight: $0[1], bias: $0[2]) },
        Case("groups", [[2, 6, 6, 32]], [[32, 8, 3, 3], [32]]) {
            $0[0].convolved2d(weight: $0[1], bias: $0[2], padding: 1, groups: 4)
        },
        Case("transposed convolution", [[3, 4, 5, 32]], [[32, 16, 4, 4], [16]]) {
            $0[0].transposedConvolved2d(weight: $0[1], bias: $0[2], stride: 2, padding: 1)
        },
        Case("transposed convolution to an image", [[8, 8, 8, 16]], [[16, 3, 4, 4], [3]]) {
            $0[0].transposedConvolved2d(weight: $0[1], bias: $0[2], stride: 2, padding: 1)
        },
        Case("convolution of sequences", [[8, 130, 64]], [[64, 64, 8], [64]]) {
            $0[0].convolved1d(weight: $0[1], bias: $0[2], stride: 4, padding: 2)
        },
        Case("convolution of sound", [[2, 200, 1]], [[32, 1, 10], [32]]) {
            $0[0].convolved1d(weight: $0[1], bias: $0[2], stride: 5, padding: 3)
        },
    ]

    static let others: [Case] = [
        Case("attention", [[2, 13, 3 * 24]]) { $0[0].attention(heads: 3) },
        Case("causal attention", [[2, 40, 3 * 32]]) { $0[0].attention(heads: 2, causal: true) },
        Case("long attention", [[1, 150, 3 * 16]]) { $0[0].attention(heads: 1) },
        Case("masked attention", [[2, 5, 3 * 8]]) {
            $0[0].attention(heads: 2, mask: Tensor([1, 1, 1, 0, 0, 1, 1, 1, 1, 1] as [UInt8], shape: [2, 5]))
        },
        Case("attention to others", [[2, 3, 16], [2, 11, 16], [2, 11, 16]]) {
            .attention(query: $0[0], key: $0[1], value: $0[2], heads: 2)
        },
        Case("batch normalization", [[4, 5, 6, 19]], [[19], [19]]) {
            $0[0].batchNormalized(weight: $0[1], bias: $0[2], activation: .relu).output
        },
        Case("batch normalization with residual", [[40, 64], [40, 64]], [[64], [64]]) {
            $0[0].batchNormalized(weight: $0[2], bias: $0[3], activation: .relu, residual: $0[1]).output
        },
        Case("batch normalization by constants", [[30, 70]], [[70], [70]]) {
            $0[0].batchNormalized(
                weight: $0[1], bias: $0[2], mean: hashed("mean", [70]),
                variance: hashed("variance", [70]).squared() + 0.5)
        },
        Case("layer normalization", [[3, 5, 67]], [[67], [67]]) { $0[0].layerNormalized(weight: $0[1], bias: $0[2]) },
        Case("group normalization", [[3, 50, 12]], [[12], [12]]) {
            $0[0].groupNormalized(groups: 3, weight: $0[1], bias: $0[2])
        },
        Case("biased GELU", [[9, 501]], [[501]]) { $0[0].biasedGELU($0[1]) },
        Case("GELU", [[5000]]) { $0[0].gelu() },
        Case("quick GELU", [[77]]) { $0[0].gelu(.quick) },
        Case("ReLU", [[77]]) { $0[0].relu() },
        Case("SiLU", [[77]]) { $0[0].silu() },
        Case("tanh", [[77]]) { $0[0].tanh() },
        Case("residual sum", [[3, 5, 8], [3, 5, 8]]) { $0[0] + $0[1] },
        Case("positions", [[3, 5, 8]], [[5, 8]]) { $0[0] + $0[1] },
        Case("many positions", [[3, 50, 30]], [[50, 30]]) { $0[0] + $0[1] },
        Case("difference from a column", [[3, 5, 8]], [[3, 5, 1]]) { $0[0] - $0[1] },
        Case("max-pooling", [[2, 9, 8, 19]]) { $0[0].maxPooled2d(kernel: 3, stride: 2, padding: 1) },
        Case("average pooling", [[2, 8, 8, 16]]) { $0[0].averagePooled2d(kernel: 2) },
        Case("global pooling", [[2, 8, 8, 16]]) { $0[0].globalAveragePooled() },
        Case("rows", [[12, 7]]) { $0[0].gathered(at: Tensor([3, 3, 11, 0] as [Int32], shape: [4])) },
        Case("slices", [[12, 7]]) { $0[0].sliced(2..<9, axis: 0) },
        Case("both halves", [[12, 8]]) {
            let parts = $0[0].split(into: [3, 5], axis: 1)
            return Tensor.concatenated([parts[1], parts[0]], axis: 1)
        },
        Case("three parts", [[12, 9]]) {
            let parts = $0[0].split(into: [2, 3, 4], axis: 1)
            return Tensor.concatenated([parts[2], parts[0], parts[1]], axis: 1)
        },
        Case("scaled", [[12, 8]]) { $0[0] * 3 },
        Case("length one", [[12, 8]], gives: .float32) { $0[0].l2Normalized() },
        Case("softmax", [[12, 8]], gives: .float32) { $0[0].softmax() },
        Case("softmax along rows", [[12, 8]], gives: .float32) { $0[0].softmax(axis: 0) },
        Case("log-sum-exp", [[12, 8]], gives: .float32) { $0[0].logSumExp() },
        Case("cross-entropy", [[3, 8]], gives: .float32) {
            $0[0].crossEntropy(labels: Tensor([1, 7, 0] as [Int32], shape: [3]))
        },
        Case("product", [[12, 8], [12, 8]], gives: .float32) { $0[0] * $0[1] },
        Case("exponential", [[12, 8]], gives: .float32) { $0[0].exp() },
        Case("square", [[12, 8]], gives: .float32) { $0[0].squared() },
        Case("mean", [[3, 12, 8]], gives: .float32) { $0[0].mean(axis: 1) },
        Case("variance", [[12, 8]], gives: .float32) { $0[0].variance(axes: [0]) },
        Case("largest", [[12, 8]], gives: .float32) { $0[0].max(axis: 1) },
        Case("clamped", [[12, 8]], gives: .float32) { $0[0].clamped(to: -0.5...0.5) },
        Case("larger", [[12, 8], [12, 8]], gives: .float32) { $0[0].maximum($0[1]) },
        Case("scattered", [[4, 8]], gives: .float32) {
            $0[0].scattered(at: Tensor([3, 0, 3, 1] as [Int32], shape: [4]), size: 5)
        },
        Case("mixed parts", [[4, 8]], [[3, 8]], gives: .float32) { Tensor.concatenated([$0[0], $0[1]], axis: 0) },
        Case("gated recurrence", [[3, 5, 12]], [[12, 4]], gives: .float32) { $0[0].gru(weight: $0[1]) },
        Case("memory", [[3, 5, 16]], [[16, 4]], gives: .float32) { $0[0].lstm(weight: $0[1]) },
    ]

    /// oneDNN left the gradients of taps that meet padding alone to what its working memory held.
    @Test(arguments: [1, 2]) func weightsOfTapsInPaddingHaveNoGradient(stride: Int) throws {
        let x = hashed("pixels", [108, 1, 1, 16]).converted(to: .bfloat16), w = hashed("taps", [32, 16, 3, 3])
        let upstream = hashed("upstream", [108, 1, 1, 32]).converted(to: .bfloat16)
        for size in 4..<18 {  // freed memory of all sizes that is not zero
            for part in 8..<16 {
                let count = part << size / 8
                _ = Tensor([Float](repeating: .nan, count: count), shape: [count])
            }
        }
        let (_, pullback) = valueWithPullback(of: [x, w]) {
            [$0[0].convolved2d(weight: $0[1], stride: stride, padding: 1)]
        }
        let gradient = try #require(pullback([upstream]).1[1]).scalars
        for (place, value) in gradient.enumerated() where place % 9 != 4 { #expect(value == 0) }
        #expect(gradient.enumerated().contains { $0.offset % 9 == 4 && $0.element != 0 })
    }

    @Test(arguments: products + others)
    func equalsFloat32WithinRounding(_ c: Case) throws {
        func rounded(_ x: Tensor) -> Tensor { x.converted(to: .bfloat16).converted(to: .float32) }
        let activations = c.activations.enumerated().map { rounded(hashed("\(c.name) \($0)", $1, scale: 2)) }
        let parameters = c.parameters.enumerated().map { rounded(hashed("\(c.name) parameter \($0)", $1)) }
        let (expected, pullback) = valueWithPullback(of: activations + parameters) { [c.body($0)] }
        let upstream = rounded(hashed("\(c.name) upstream", expected[0].shape))
        let gradients = pullback([upstream]).1
        let narrow = activations.map { $0.converted(to: .bfloat16) }
        let (outputs, narrowPullback) = withPrecision(.bfloat16) {
            valueWithPullback(of: narrow + parameters) { [c.body($0)] }
        }
        #expect(outputs[0].elementType == c.type)
        expectClose(outputs[0], expected[0], tolerance: c.tolerance, "\(c.name)")
        let narrowGradients = narrowPullback([upstream]).1
        for (i, (a, b)) in zip(narrowGradients, gradients).enumerated() {
            let (a, b) = (try #require(a), try #require(b))
            #expect(a.elementType == (i < narrow.count ? .bfloat16 : .float32), "gradient \(i)")
            expectClose(a, b, tolerance: c.tolerance, "\(c.name), gradient \(i)")
        }
    }

    @Test(arguments: products)
    func floatsAreTakenToo(_ c: Case) throws {
        let inputs = (c.activations + c.parameters).enumerated().map { hashed("\(c.name) \($0)", $1) }
        let (expected, pullback) = valueWithPullback(of: inputs) { [c.body($0)] }
        let upstream = hashed("\(c.name) upstream", expected[0].shape), gradients = pullback([upstream]).1
        let (outputs, narrowPullback) = withPrecision(.bfloat16) { valueWithPullback(of: inputs) { [c.body($0)] } }
        #expect(outputs[0].elementType == .bfloat16)
        expectClose(outputs[0], expected[0], tolerance: 0x1p-6, c.name)
        for (a, b) in zip(narrowPullback([upstream]).1, gradients) {
            let (a, b) = (try #require(a), try #require(b))
            #expect(a.elementType == .float32)
            expectClose(a, b, tolerance: 0x1p-6, c.name)
        }
    }

    @Test func lookedUpRowsAreBFloat16AndTheirTablesGradientFloat32() throws {
        let table = hashed("table", [7, 20]), ids = Tensor([6, 0, 6] as [Int32], shape: [3])
        let (outputs, pullback) = withPrecision(.bfloat16) { valueWithPullback(of: [table]) { [$0[0].rows(at: ids)] } }
        #expect(outputs[0].elementType == .bfloat16)
        expectClose(outputs[0], table.rows(at: ids), tolerance: 0x1p-8)
        let gradient = try #require(pullback([Tensor(ones: [3, 20])]).1[0])
        #expect(gradient.elementType == .float32)
        let expected: [Float] = [1, 0, 0, 0, 0, 0, 2]
        #expect(gradient.scalars == expected.flatMap { [Float](repeating: $0, count: 20) })
    }

    @Test func droppedAttentionPassesGradientsWhereItsOutputsPass() throws {
        let x = hashed("x", [2, 20, 48])
        func run(_ precision: Precision) throws -> (Tensor, Tensor) {
            try training(seed: 3) {
                let (outputs, pullback) = withPrecision(precision) {
                    valueWithPullback(of: [x]) { [$0[0].attention(heads: 2, dropout: 0.3)] }
                }
                return (outputs[0], try #require(pullback([hashed("upstream", [2, 20, 16])]).1[0]))
            }
        }
        let (wide, narrow) = (try run(.float32), try run(.bfloat16))
        expectClose(narrow.0, wide.0, tolerance: 0x1p-6)
        expectClose(narrow.1, wide.1, tolerance: 0x1p-6)
    }

    @Test func theSameInputGivesTheSameBits() {
        let x = hashed("x", [4, 12, 12, 64]), w = hashed("w", [64, 64, 3, 3])
        func run() -> [[Float]] {
            let (outputs, pullback) = withPrecision(.bfloat16) {
                valueWithPullback(of: [x, w]) {
                    [
                        $0[0].convolved2d(weight: $0[1], padding: 1).batchNormalized(
                            weight: nil, bias: nil, activation: .relu
                        ).output
                    ]
                }
            }
            return [outputs[0].scalars] + pullback([hashed("upstream", outputs[0].shape)]).1.map { $0?.scalars ?? [] }
        }
        #expect(run() == run())
    }

    @Test func nothingChangesOutsideOfTheScope() {
        let x = hashed("x", [4, 8]), w = hashed("w", [3, 8])
        _ = withPrecision(.bfloat16) { x.linear(weight: w) }
        #expect(x.linear(weight: w).elementType == .float32)
    }
}

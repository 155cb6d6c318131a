import ConcordTensors
import TestSupport
import Testing

/// Softmax and its relatives, and normalization over the last axis.
@Suite struct RowOperationTests {
    let x = hashed("rows", [3, 2, 7], scale: 3)

    @Test func softmaxRowsAddUpToOne() {
        let y = x.softmax().scalars
        for row in 0..<6 { #expect(abs(y[row * 7..<row * 7 + 7].reduce(0, +) - 1) < 1e-6) }
    }

    @Test func softmaxOfHugeAndOfExcludedLogitsIsFinite() {
        let y = Tensor([1000, 1001, -.infinity, -.infinity, -.infinity, -.infinity], shape: [2, 3]).softmax().scalars
        #expect(abs(y[1] - 0.7310586) < 1e-6 && y[2] == 0)
        #expect(y[3...] == [0, 0, 0])
    }

    @Test func logSumExpOfEqualLogitsIsTheirValuePlusLogOfTheirNumber() {
        #expect(abs(Tensor(repeating: 50, shape: [8]).logSumExp().item - (50 + 2.0794415)) < 1e-5)
        #expect(Tensor(repeating: -.infinity, shape: [8]).logSumExp().item == -.infinity)
    }

    @Test(arguments: [-1, 0, 1]) func softmaxGradientsMatchDifferences(_ axis: Int) {
        checkGradients(of: x) { $0[0].softmax(axis: axis) }
        checkGradients(of: x) { $0[0].logSoftmax(axis: axis) }
        checkGradients(of: x) { $0[0].logSumExp(axis: axis) }
    }

    @Test func layerNormalizedRowsHaveZeroMeanAndUnitVariance() {
        let y = x.layerNormalized().scalars
        for row in 0..<6 {
            let values = y[row * 7..<row * 7 + 7]
            #expect(abs(values.reduce(0, +)) < 1e-5)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 7 - 1) < 1e-4)
        }
    }

    @Test func layerNormalizedGradientsMatchDifferences() {
        let w = hashed("w", [7]), b = hashed("b", [7])
        checkGradients(of: x) { $0[0].layerNormalized() }
        checkGradients(of: x, w) { $0[0].layerNormalized(weight: $0[1]) }
        checkGradients(of: x, b) { $0[0].layerNormalized(bias: $0[1]) }
        checkGradients(of: x, w, b) { $0[0].layerNormalized(weight: $0[1], bias: $0[2]) }
    }
}

/// The rest of the family that works row by row.
@Suite struct NormalizationAndEntropyTests {
    @Test func l2NormalizedRowsHaveLengthOneWhateverTheirSize() {
        for scale: Float in [1, 1e-25, 1e25] {
            let y = (hashed("x", [4, 9]) * scale).l2Normalized(epsilon: 1e-30).scalars
            for row in 0..<4 {
                #expect(abs(y[row * 9..<row * 9 + 9].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5, "scale \(scale)")
            }
        }
        #expect(Tensor(zeros: [2, 3]).l2Normalized().scalars == [0, 0, 0, 0, 0, 0])
    }

    @Test func l2NormalizedAndBiasedGELUGradientsMatchDifferences() {
        checkGradients(of: hashed("x", [4, 9])) { $0[0].l2Normalized() }
        checkGradients(of: hashed("x", [4, 9], scale: 2), hashed("b", [9])) { $0[0].biasedGELU($0[1]) }
    }

    /// The logarithm of the sum is not rounded at the logits' size: what depends on differences alone is the same to
    /// the bit.
    @Test func aCommonOffsetChangesNothing() throws {
        let near = Tensor(hashed("offset", [7, 20]).scalars.map { ($0 * 1024).rounded() / 256 }, shape: [7, 20]),
            far = near + 1000
        let labels = Tensor([0, 3, 9, 19, 5, 5, 7] as [Int32], shape: [7])
        for smoothing in [Float(0), 0.2] {
            let results = [near, far].map { x in
                let (loss, pullback) = valueWithPullback(of: [x]) {
                    [$0[0].crossEntropy(labels: labels, smoothing: smoothing)]
                }
                return loss[0].scalars + (pullback([Tensor(1)]).1[0]?.scalars ?? [])
            }
            #expect(results[0].count == 141 && results[0] == results[1])
        }
        #expect(near.logSoftmax().scalars == far.logSoftmax().scalars)
        #expect(near.softmax().scalars == far.softmax().scalars)
    }

    @Test func crossEntropyOfEqualLogitsIsLogOfTheirNumber() {
        let labels = Tensor([0, 3, 9] as [Int32], shape: [3])
        #expect(abs(Tensor(repeating: 4, shape: [3, 10]).crossEntropy(labels: labels).item - 2.3025851) < 1e-6)
        #expect(
            abs(Tensor(repeating: 4, shape: [3, 10]).crossEntropy(labels: labels, smoothing: 0.3).item - 2.3025851)
                < 1e-6)
    }

    @Test func crossEntropyIgnoresRowsAndAllOfThemToo() {
        let x = hashed("logits", [3, 10]), labels = Tensor([2, -1, 7] as [Int32], shape: [3])
        let kept = Tensor(Array(x.scalars[0..<10] + x.scalars[20..<30]), shape: [2, 10])
        let expected = kept.crossEntropy(labels: Tensor([2, 7] as [Int32], shape: [2])).item
        #expect(abs(x.crossEntropy(labels: labels, ignoring: -1).item - expected) < 1e-6)
        #expect(x.crossEntropy(labels: Tensor([5, 5, 5] as [Int32], shape: [3]), ignoring: 5).item == 0)
        checkGradients(of: x) { $0[0].crossEntropy(labels: labels, smoothing: 0.2, ignoring: -1) }
    }
}

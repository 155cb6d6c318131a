import ConcordTensors
import TestSupport
import Testing

struct KeptTests {
    /// A chain of convolution, normalization and residual, as deep as asked for.
    private func chain(_ x: Tensor, weights: [Tensor], isHeld: Bool) -> Tensor {
        var y = x
        for weight in weights {
            let (out, _, _) = y.convolved2d(weight: weight, padding: 1).batchNormalized(
                weight: nil, bias: nil, activation: .relu, residual: y)
            // Adding nothing makes a value that nobody knows how to make again.
            y = isHeld ? out + 0 : out
        }
        return (y * y).mean()
    }

    @Test(arguments: [1, 2, 5]) func rematerializedValuesHaveTheGradientsOfStoredOnes(depth: Int) {
        let x = hashed("x", [2, 5, 5, 3], scale: 1),
            weights = (0..<depth).map { hashed("w\($0)", [3, 3, 3, 3], scale: 0.4) }
        func gradients(isHeld: Bool) -> [[Float]?] {
            let (loss, pullback) = valueWithPullback(of: [x] + weights) {
                [chain($0[0], weights: Array($0.dropFirst()), isHeld: isHeld)]
            }
            return pullback([Tensor(ones: loss[0].shape)]).1.map { $0?.scalars }
        }
        let held = gradients(isHeld: true)
        #expect(!held.contains { $0 == nil })
        #expect(gradients(isHeld: false) == held)
    }

    @Test func outputsOfNormalizationsAndActivationsAreNotStoredForTheBackwardPass() {
        let x = hashed("x", [64, 32], scale: 1), weight = hashed("w", [32, 32], scale: 0.1),
            bias = hashed("b", [32], scale: 0.1)
        /// Whether what `body` makes outlives its use on the way there.
        func isHeld(_ body: (Tensor) -> Tensor) -> Bool {
            weak var made: Storage?
            let (_, pullback) = valueWithPullback(of: [x]) { inputs in
                let value = body(inputs[0])
                made = value.storage
                return [value.linear(weight: weight).mean()]
            }
            return withExtendedLifetime(pullback) { made != nil }
        }
        #expect(!isHeld { $0.layerNormalized() })
        #expect(!isHeld { $0.biasedGELU(bias) })
        #expect(!isHeld { $0.batchNormalized(weight: nil, bias: nil, activation: .relu).output })
        #expect(isHeld { $0.layerNormalized() + 0 })  // nobody knows how to make a sum again
    }
}

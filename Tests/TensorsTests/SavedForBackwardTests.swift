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

    @Test(arguments: [1, 2, 5, 11]) func rematerializedValuesHaveTheGradientsOfStoredOnes(depth: Int) {
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

    /// Several blocks of rows for each of the threads, and for each part of a sum.
    @Test(arguments: [ElementType.float32, .bfloat16])
    func chainsOfResidualsComputedAgainByBlocksHaveTheBitsOfStoredOnes(type: ElementType) {
        let shape = [4, 64, 64, 64], x = hashed("x", shape, scale: 1).cast(to: type),
            others = (0..<3).map { hashed("o\($0)", shape, scale: 1).cast(to: type) },
            weight = hashed("w", [8, 64], scale: 0.1)
        func gradients(isHeld: Bool) -> [[Float]?] {
            let (loss, pullback) = valueWithPullback(of: [x] + others) { inputs in
                var y = inputs[0]
                for other in inputs.dropFirst() {
                    let out = other.batchNormalized(weight: nil, bias: nil, activation: .relu, residual: y).output
                    y = isHeld ? (out + 0).cast(to: type) : out
                }
                return [y.linear(weight: weight).mean()]
            }
            return pullback([Tensor(ones: loss[0].shape)]).1.map { $0?.asFloat32.scalars }
        }
        let held = gradients(isHeld: true)
        #expect(!held.contains { $0 == nil })
        #expect(gradients(isHeld: false) == held)
    }

    /// Of `x` and `w` through `body(x) + w`, whose upstream gradient both have.
    private func expectUpstreamIsKept(_ body: (Tensor) -> Tensor) {
        let x = hashed("x", [64, 32], scale: 1), w = hashed("w", [64, 32], scale: 1),
            upstream = hashed("u", [64, 32], scale: 1), wanted = upstream.scalars
        let (_, pullback) = valueWithPullback(of: [x, w]) { [body($0[0]) + $0[1]] }
        let gradients = pullback([upstream]).1
        #expect(gradients[1]?.scalars == wanted && upstream.scalars == wanted && gradients[0]?.scalars != wanted)
    }

    @Test func pullbacksOverwriteNoUpstreamGradientThatIsHeldElsewhere() {
        let bias = hashed("b", [32], scale: 0.1), residual = hashed("r", [64, 32], scale: 1)
        expectUpstreamIsKept { $0.biasedGELU(bias) }
        expectUpstreamIsKept { $0.batchNormalized(weight: nil, bias: nil, activation: .relu).output }
        expectUpstreamIsKept {
            $0.batchNormalized(weight: nil, bias: nil, activation: .relu, residual: residual).output
        }
        // The residual's gradient is the upstream one.
        let x = hashed("x", [64, 32], scale: 1), upstream = hashed("u", [64, 32], scale: 1)
        let (_, pullback) = valueWithPullback(of: [x, residual]) {
            [$0[0].batchNormalized(weight: nil, bias: nil, residual: $0[1]).output * 1]
        }
        #expect(pullback([upstream]).1[1]?.scalars == upstream.scalars)
    }

    @Test func pullbacksTakeTheMemoryOfAnUpstreamGradientThatNobodyElseHolds() {
        let x = hashed("x", [1024, 1024], scale: 1), bias = hashed("b", [1024], scale: 0.1)
        let bytes = 4 * x.count
        func peak(_ body: (Tensor) -> Tensor) -> Int {
            let upstream = Tensor(ones: x.shape)
            let (_, pullback) = valueWithPullback(of: [x]) { [body($0[0]) * 2] }
            return Allocator.peak { _ = pullback([upstream]) }
        }
        // The gradient of the product, and sums.
        #expect(peak { $0.biasedGELU(bias) } < bytes * 3 / 2)
        #expect(peak { $0.batchNormalized(weight: nil, bias: nil, activation: .relu).output } < bytes * 3 / 2)
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

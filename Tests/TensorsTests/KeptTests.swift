import ConcordTensors
import TestSupport
import Testing

struct KeptTests {
    /// A chain of convolution, normalisation and residual, as deep as asked for.
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

    @Test(arguments: [1, 2, 5]) func `a value made again gives the gradients that a held one gives`(depth: Int) {
        let x = hashed("x", [2, 5, 5, 3], scale: 1), weights = (0..<depth).map { hashed("w\($0)", [3, 3, 3, 3], scale: 0.4) }
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

    @Test func `outputs of normalisations and activations are not held for the way back`() {
        let x = hashed("x", [512, 256], scale: 1), weight = hashed("w", [256, 256], scale: 0.1), bias = hashed("b", [256], scale: 0.1)
        func live(_ body: @escaping (Tensor) -> Tensor) -> Int {
            let before = Allocator.statistics.inUse
            let (outputs, pullback) = valueWithPullback(of: [x]) { [body($0[0]).linear(weight: weight).mean()] }
            return withExtendedLifetime((outputs, pullback)) { Allocator.statistics.inUse - before }
        }
        _ = live { $0.layerNormalized() }
        let pages = live { $0.layerNormalized() }
        // The pullbacks hold x, which was there before, and statistics; each held value would be 512 KiB. Other tests may run meanwhile.
        #expect((0..<20).contains { _ in live { $0.layerNormalized() } < 400_000 }, "\(pages) bytes")
        #expect((0..<20).contains { _ in live { $0.biasedGELU(bias) } < 400_000 })
    }
}

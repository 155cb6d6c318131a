import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Which quarter turn an image was rotated by.
struct RotationPredictionTests {
    /// The mean of each pixel's channels: an encoder whose output tells the turn.
    final class Pixels: FeatureEncoder {
        let side: Int
        var outputDimension: Int { side * side }
        init(side: Int) { self.side = side }
        func callAsFunction(_ x: Tensor) -> Tensor { x.mean(axis: 3).reshaped([x.shape[0], -1]) }
    }

    /// The head sees the image in the order of `torch.rot90`: [[1, 2], [3, 4]] is [[2, 4], [1, 3]] after one turn.
    @Test func everyTurnIsSeenOnceWithItsOwnLabel() throws {
        let objective = RotationPrediction(Pixels(side: 2)).initialize(seed: 0)
        let image = Tensor([1, 2, 3, 4], shape: [1, 2, 2, 1])
        let turns: [[Float]] = [[1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]]
        let logits = objective.head(Tensor(turns.flatMap { $0 }, shape: [4, 4]))
        let expected = logits.crossEntropy(labels: Tensor([Int32(0), 1, 2, 3], shape: [4]))
        expectClose(objective(image).total.reshaped([1]), expected.reshaped([1]))
    }

    @Test func theLossIsLnFourAtChanceAndMicrobatchesAreExact() throws {
        let objective = RotationPrediction(Pixels(side: 6)).initialize(seed: 1)
        #expect(abs(objective(Tensor(zeros: [5, 6, 6, 3])).total.item - log(4)) < 0.2)
        objective.head.weight.assign(Tensor(zeros: objective.head.weight.shape))
        if let bias = objective.head.bias { bias.assign(Tensor(zeros: bias.shape)) }
        #expect(abs(objective(hashed("images", [5, 6, 6, 3])).total.item - log(4)) < 1e-6)
        let whole = RotationPrediction(Pixels(side: 6)).initialize(seed: 1), images = hashed("images", [5, 6, 6, 3]) * 20
        let (loss, expected) = valueWithGradient { whole(images) }
        let (parts, gradients) = try valueWithGradient(of: whole, images, microbatch: 2)
        expectClose(parts.total, loss.total)
        for (path, parameter) in ParameterWalk(whole).parameters {
            expectClose(try #require(gradients[parameter]), try #require(expected[parameter]), path)
        }
    }
}

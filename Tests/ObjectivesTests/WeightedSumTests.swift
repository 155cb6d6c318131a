import ConcordLayers
import ConcordObjectives
import ConcordTensors
import Testing

@Suite struct WeightedSumTests {
    struct Whole: Sendable {
        let left: Tensor, right: Tensor
    }

    /// `weight * sum(x)`, with a part of its own.
    final class Slope: Objective {
        let weight = Parameter([], .constant(2))
        func callAsFunction(_ x: Tensor) -> Loss {
            let total = weight.value * x.sum()
            return Loss(total, parts: [("size", Tensor(Float(x.count)))], metrics: [("scale", Tensor(2))])
        }
    }

    let batch = Whole(left: Tensor([1, 2, 3], shape: [3]), right: Tensor([10], shape: [1]))

    @Test func partsOfABatchAddUpByTheirWeights() {
        let sum = Slope().on(\Whole.left) + 0.5 * Slope().on(\.right)
        let loss = sum(batch)
        #expect(loss.total.item == 12 + 0.5 * 20)
        #expect(loss.parts.map(\.name) == ["slope", "slope.size", "slope_2", "slope_2.size"])
        #expect(loss.parts.map(\.value.item) == [12, 3, 20, 1])
        #expect(loss.metrics.map(\.name) == ["slope.scale", "slope_2.scale"])
        #expect(loss.metrics.map(\.value.item) == [2, 2])
    }

    @Test func weightsMultiplyThroughNestedSums() {
        let a = Slope(), b = Slope(), c = Slope()
        let sum = 2 * (a.on(\Whole.left) + 3 * b.on(\.right)) + c.on(\.left)
        let (loss, gradients) = valueWithGradient { sum(batch) }
        #expect(loss.total.item == 2 * 12 + 6 * 20 + 12)
        #expect(gradients[a.weight]?.item == 12)
        #expect(gradients[b.weight]?.item == 60)
        #expect(gradients[c.weight]?.item == 6)
    }

    @Test func parametersStandUnderTheirTermsNameAndSharedOnesOnce() {
        let a = Slope()
        let walk = ParameterWalk(a.on(\Whole.left) + 0.1 * a.on(\.right))
        #expect(walk.parameters.map(\.path) == ["slope.weight"])
        #expect(walk.ties.map(\.path) == ["slope_2.weight"])
    }
}

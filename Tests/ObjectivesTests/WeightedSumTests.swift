import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
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

    @Test func aWeightFollowsItsScheduleAndIsLogged() {
        let a = Slope(), b = Slope()
        let sum = a.on(\Whole.left) + 2 * (ScheduledValue.linear(from: 0, to: 0.5, until: 0.5) * b.on(\.right))
        func follow(_ step: Int) {
            for (_, observer) in ParameterWalk(sum).observers {
                observer.parametersDidUpdate(TrainingProgress(step: step, total: 8))
            }
        }
        var found: [Float] = []
        for step in 0..<6 {
            let (loss, gradients) = valueWithGradient { sum(batch) }
            #expect(loss.metrics.map(\.name) == ["slope.scale", "slope_2.scale", "slope_2.weight"])
            let weight = loss.metrics[2].value.item
            #expect(loss.total.item == 12 + weight * 20 && gradients[b.weight]?.item == weight * 10)
            #expect(gradients[a.weight]?.item == 6)
            found.append(weight)
            follow(step + 1)
        }
        #expect(found == [0, 0.25, 0.5, 0.75, 1, 1])
        #expect(ParameterWalk(sum).buffers.map(\.path) == ["slope_2.term_weight.0"])
        // A resumed run has the weight from the checkpoint.
        let again = a.on(\Whole.left) + 2 * (ScheduledValue.linear(from: 0, to: 0.5, until: 0.5) * b.on(\.right))
        for (own, saved) in zip(ParameterWalk(again).buffers, ParameterWalk(sum).buffers) {
            own.buffer.assign(saved.buffer.stored)
        }
        again.initialize(seed: 0)
        #expect(again(batch).total.item == 12 + 20)
    }

    /// `scale (first x + own y)`, with a parameter that others share.
    final class Shared: Objective {
        let shared: Parameter, own = Parameter([], .constant(3)), scale: Float
        init(_ shared: Parameter, scale: Float) { (self.shared, self.scale) = (shared, scale) }
        func callAsFunction(_ x: Tensor) -> Loss {
            Loss(((shared.value * x).sum() + own.value * 5) * scale)
        }
    }

    @Test func balancedPartsChangeSharedParametersByTheirWeights() throws {
        let shared = Parameter([3], .values(hashed("shared", [3])))
        let a = Shared(shared, scale: 2), b = Shared(shared, scale: -500)
        let sum = (a.on(\Whole.left) + 0.5 * b.on(\.left)).balancingGradients(momentum: 0)
        let (loss, gradients) = valueWithGradient { sum(batch) }
        // Both parts' gradients of the shared parameter are along x: 2 x, and -0.5 times as long a one.
        let expected = [1, 2, 3].map { Float(2 * $0) * 0.5 }
        expectClose(try #require(gradients[shared]), Tensor(expected, shape: [3]))
        #expect(abs((gradients[a.own]?.item ?? 0) - 10) < 1e-5 && abs((gradients[b.own]?.item ?? 0) + 5) < 1e-5)
        let values = [a, b].map { $0(batch.left).total.item }
        expectClose(loss.total, Tensor(values[0] + values[1] * 0.5 * 2 / 500))
        let weights = loss.metrics.filter { $0.name.hasSuffix(".weight") }
        #expect(weights.map(\.name) == ["shared.weight", "shared_2.weight"] && weights[0].value.item == 1)
        #expect(abs(weights[1].value.item - 0.5 * 2 / 500) < 1e-7)
        // In evaluation the averages stay.
        expectClose(sum(batch).total, loss.total)
        #expect(ParameterWalk(sum).buffers.map(\.path) == ["gradient_balance.norms"])
    }

    @Test func averagesOfNormsFollowTheSteps() throws {
        let shared = Parameter([3], .values(hashed("shared", [3])))
        let sum = (Shared(shared, scale: 1).on(\Whole.left) + Shared(shared, scale: 4).on(\.left)).balancingGradients()
        let norm = Float(14).squareRoot()
        for _ in 0..<3 { _ = valueWithGradient { sum(batch) } }
        let norms = try #require(ParameterWalk(sum).buffers.first).buffer.stored
        expectClose(norms, Tensor([norm, 4 * norm], shape: [2]))
        let larger = Whole(left: batch.left * 2, right: batch.right)
        _ = valueWithGradient { sum(larger) }
        expectClose(
            ParameterWalk(sum).buffers[0].buffer.stored, Tensor([norm * 1.1, 4 * norm * 1.1], shape: [2]))
    }

    @Test func parametersStandUnderTheirTermsNameAndSharedOnesOnce() {
        let a = Slope()
        let walk = ParameterWalk(a.on(\Whole.left) + 0.1 * a.on(\.right))
        #expect(walk.parameters.map(\.path) == ["slope.weight"])
        #expect(walk.ties.map(\.path) == ["slope_2.weight"])
    }
}

import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

private final class Net: Module {
    let linear = Linear(2, 3)
    let norm = BatchNorm(3)
    func callAsFunction(_ x: Tensor) -> Tensor { norm(linear(x)) }
}

private final class Pair: Module {
    let online: Net
    let target: MovingAverage<Net>
    init(_ buffers: MovingAverage<Net>.Buffers = .own) {
        online = Net()
        target = MovingAverage(of: online, momentum: .constant(0.75), buffers: buffers)
    }
}

private final class Keeper: Module {
    let values = ParameterValues()
}

struct UpdateObserverTests {
    @Test func theAverageStartsEqualFollowsAndIsFoundByTheWalk() throws {
        let pair = Pair().initialize(seed: 1)
        let walk = ParameterWalk(pair)
        #expect(walk.observers.map(\.path) == ["target"])
        #expect(walk.parameters.map(\.path).allSatisfy { $0.hasPrefix("online.") }, "the module is not stored twice")
        #expect(
            walk.buffers.map(\.path).contains("target.linear.weight")
                && walk.buffers.map(\.path).contains("target.norm.running_mean"))
        let start = try #require(pair.target["linear.weight"])
        #expect(start.scalars == pair.online.linear.weight.stored.scalars)
        pair.online.linear.weight.assign(Tensor(repeating: 1, shape: [3, 2]))
        pair.target.parametersDidUpdate(TrainingProgress(step: 1))
        let moved = try #require(pair.target["linear.weight"])
        expectClose(moved, start * 0.75 + 0.25)
        pair.initialize(seed: 2)
        #expect(pair.target["linear.weight"]?.scalars == moved.scalars, "what was averaged, or loaded, stays")
    }

    @Test func itsStatisticsAreItsOwnAndNoGradientReachesIt() throws {
        let pair = Pair().initialize(seed: 1), x = hashed("x", [5, 2])
        let (output, gradients) = valueWithGradient(step: 0) { () -> Tensor in
            let value = pair.target { $0(x) }
            return (value * value).sum() + pair.online(x).sum() * 0
        }
        #expect(output.item > 0)
        #expect(gradients[pair.online.linear.weight]?.scalars.allSatisfy { $0 == 0 } == true)
        let own = try #require(pair.target["norm.running_mean"])
        #expect(own.scalars != [0, 0, 0], "training mode moved them")
        let before = own.scalars
        evaluating { _ = pair.target { $0(x) } }
        #expect(pair.target["norm.running_mean"]?.scalars == before)
    }

    @Test func weightsToEvaluateWithAverageStatisticsToo() throws {
        let pair = Pair(.averaged).initialize(seed: 1)
        pair.online.norm.runningMean.assign(Tensor([4, 8, 12], shape: [3]))
        pair.target.parametersDidUpdate(TrainingProgress(step: 1))
        #expect(pair.target["norm.running_mean"]?.scalars == [1, 2, 3])
    }

    @Test func storedParameterValuesAreAnErrorAndNotLost() async {
        await #expect(processExitsWith: .failure) { _ = ParameterWalk(Keeper()) }
    }

    @Test func heardOfOnceWhateverNumberOfPathsLeadsThere() {
        final class Twice: Module {
            let first: MemoryQueue
            let second: MemoryQueue
            init() {
                first = MemoryQueue(count: 3, dimension: 2)
                second = first
            }
        }
        #expect(ParameterWalk(Twice()).observers.count == 1)
    }
}

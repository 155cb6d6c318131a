import ConcordLayers
import ConcordTensors
import Testing

@Suite struct ParameterWalkTests {
    private final class Tower: NamedModule {
        let name: String
        let linear = Linear(2, 3)
        init(_ name: String) { self.name = name }
    }

    private final class Model: Module {
        let towers = [Tower("image"), Tower("text")]
        let inProj = Linear(2, 2, bias: false)
        let norm: BatchNorm? = BatchNorm(2)
        let none: Linear? = nil
        let table: Parameter
        let shared: Parameter
        let size = 3, label = "x", range = 0...1
        var checkpointNames: [String: String] { ["norm": "ln_1", "table": ""] }

        init() {
            table = Parameter([2], .zeros)
            shared = towers[0].linear.weight
        }
    }

    @Test func pathsFollowPropertiesNamesAndOverrides() {
        let walk = ParameterWalk(Model())
        #expect(
            walk.parameters.map(\.path) == [
                "towers.image.linear.weight", "towers.image.linear.bias", "towers.text.linear.weight",
                "towers.text.linear.bias",
                "in_proj.weight", "ln_1.weight", "ln_1.bias", "",
            ])
        #expect(walk.buffers.map(\.path) == ["ln_1.running_mean", "ln_1.running_var"])
        #expect(walk.ties.map(\.path) == ["shared"])
        #expect(walk.ties.map(\.first) == ["towers.image.linear.weight"])
        #expect(walk.unused == ["ln_1.num_batches_tracked"])
    }

    private final class Dictionary: Module { let layers = ["a": Linear(1, 1)] }
    private final class Pair: Module { let layers = (Linear(1, 1), 2) }
    private struct Holder { let layer = Linear(1, 1) }
    private final class InStruct: Module { let holder = Holder() }
    private final class Box: Sendable { let layer = Linear(1, 1) }
    private final class InClass: Module { let box = Box() }

    private final class Values: Module { let values = ParameterValues() }

    @Test func aHiddenModuleStopsWithItsPlace() async {
        var result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterWalk(Dictionary())
        }
        expect(result, "Dictionary.layers: a Dictionary<String, Linear> holds a module")
        result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterWalk(Pair())
        }
        expect(result, "Pair.layers: a (Linear, Int) holds a module")
        result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterWalk(InStruct())
        }
        expect(result, "InStruct.holder: a Holder holds a module")
        result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterWalk(InClass())
        }
        expect(result, "InClass.box: a Box holds a module")
        result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ParameterWalk(Values())
        }
        expect(result, "Values.values: a ParameterValues holds values")
    }

    private func expect(_ result: ExitTest.Result?, _ message: String) {
        let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(errors.contains(message), "\(errors)")
    }
}

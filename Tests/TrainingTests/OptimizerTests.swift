import ConcordLayers
import ConcordTensors
import ConcordTraining
import TestSupport
import Testing

/// The parameters of `Tests/Fixtures/optimizers.py`, with gradients given by hand.
final class FixtureModule: Module {
    let weight = Parameter([3, 5], .values(hashed("weight", [3, 5])))
    let bias = Parameter([5], .values(hashed("bias", [5])))
    let table = Parameter([7, 3], .values(hashed("table", [7, 3])))

    static let rows: [[Int32]] = [[1, 4, 1], [0], [4, 6], [4, 4, 4], [2, 1]]

    /// - Parameter microbatched: the table's gradient comes as one piece a row instead of one piece.
    func gradients(at step: Int, microbatched: Bool = false) -> Gradients {
        let rows = Self.rows[step % 5]
        let values = hashed("g table \(step)", [rows.count, 3])
        var contributions = [(indices: Tensor(rows, shape: [rows.count]), rows: values)]
        if microbatched {
            contributions = rows.enumerated().map { i, row in
                (Tensor([row], shape: [1]), Tensor(Array(values.scalars[i * 3..<i * 3 + 3]), shape: [1, 3]))
            }
        }
        return valueWithGradient {
            Tensor(0).recorded([weight.value, bias.value, table.value]) { _, _ in
                [
                    .dense(hashed("g weight \(step)", [3, 5])), .dense(hashed("g bias \(step)", [5])),
                    .rows(RowGradient(shape: [7, 3], contributions: contributions)),
                ]
            }
        }.1
    }
}

struct OptimizerTests {
    let fixture = Fixture("optimizers")

    static func make(_ name: String) -> any Optimizer {
        switch name {
        case "adamw": AdamW(learningRate: 3e-2, weightDecay: 0.1)
        case "adamw_betas": AdamW(learningRate: 1e-2, betas: (0.8, 0.95), epsilon: 1e-6, weightDecay: 0.3)
        case "sgd": SGD(learningRate: 0.1, weightDecay: 0.01)
        case "momentum": SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01)
        case "lars": LARS(learningRate: 2, weightDecay: 0.05, trust: 0.02)
        case "lamb": LAMB(learningRate: 1e-2, betas: (0.8, 0.95), weightDecay: 0.1)
        case "lion": Lion(learningRate: 1e-2, weightDecay: 0.5)
        default: SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01)
        }
    }

    @Test(arguments: ["adamw", "adamw_betas", "sgd", "momentum", "nesterov"], [false, true])
    func fiveStepsEqualPyTorchs(name: String, microbatched: Bool) throws {
        let module = FixtureModule(), optimizer = Self.make(name)
        for step in 0..<5 {
            var gradients = module.gradients(at: step, microbatched: microbatched)
            if name == "adamw_betas" {
                expectClose(Tensor([Float(gradients.norm)], shape: [1]), fixture["\(name).norm.\(step)"], "norm")
                gradients = gradients.clipped(toNorm: 0.5)
            }
            try optimizer.update(module, with: gradients)
            guard step == 0 || step == 4 else { continue }
            for (path, parameter) in ParameterWalk(module).parameters {
                expectClose(parameter.stored, fixture["\(name).\(path).\(step)"], path)
            }
        }
        for (path, tensor) in optimizer.state where !path.hasSuffix(".step") {
            expectClose(tensor, fixture["\(name).\(path)"], path)
        }
    }

    @Test(arguments: ["lars", "lamb", "lion"], [false, true])
    func tenStepsEqualPyTorchs(name: String, microbatched: Bool) throws {
        let module = FixtureModule(), optimizer = Self.make(name)
        for step in 0..<10 {
            try optimizer.update(module, with: module.gradients(at: step, microbatched: microbatched))
            guard step == 0 || step == 9 else { continue }
            for (path, parameter) in ParameterWalk(module).parameters {
                expectClose(parameter.stored, fixture["\(name).\(path).\(step)"], path)
            }
        }
        let moments = optimizer.state.filter { !$0.name.hasSuffix(".step") }
        #expect(moments.count == (name == "lamb" ? 6 : 3))
        for (path, tensor) in moments { expectClose(tensor, fixture["\(name).\(path)"], path) }
    }

    /// A step of LARS at rate 1 is `trust` times as long as the weights, whatever the gradient's size; so is LAMB's at
    /// rate `trust`. Each element moves by Lion's rate.
    @Test(arguments: [Float(1e-3), 1, 1e3]) func stepsAreAsLongAsTheWeights(size: Float) throws {
        func step(_ optimizer: any Optimizer) throws -> (length: Double, moved: Tensor) {
            let module = FixtureModule(), before = module.weight.stored.scalars
            try optimizer.update(module, with: module.gradients(at: 0).scaled(by: size))
            let moved = Tensor(zip(module.weight.stored.scalars, before).map { $0 - $1 }, shape: [3, 5])
            return (Double((moved.squared().sum() / Tensor(before, shape: [15]).squared().sum()).sqrt().item), moved)
        }
        #expect(abs(try step(LARS(learningRate: 1, trust: 0.02)).length - 0.02) < 1e-6)
        #expect(abs(try step(LAMB(learningRate: 0.02, weightDecay: 0)).length - 0.02) < 1e-6)
        #expect(try step(Lion(learningRate: 0.02)).moved.abs().scalars.allSatisfy { abs($0 - 0.02) < 1e-6 })
    }

    /// An encoder of two blocks behind a stem, and a head.
    private final class Stack: LayeredModule {
        let stem = Linear(3, 3), blocks = [Linear(3, 3), Linear(3, 3)], head = Linear(3, 3)
        var layers: [[any Module]] { [[stem]] + blocks.map { [$0] } }
    }

    private final class Wrapped: Module {
        let stack = Stack(), projection = Linear(3, 3)
    }

    @Test func layerDecayMakesEarlierLayersSlower() throws {
        let module = Wrapped().initialize(seed: 0), parameters = ParameterWalk(module).parameters
        let before = parameters.map { $0.parameter.stored.scalars }
        let gradients = valueWithGradient {
            Tensor(0).recorded(parameters.map(\.parameter.value)) { _, _ in
                parameters.map { .dense(Tensor(ones: $0.parameter.shape)) }
            }
        }.1
        let faster = ParameterGroup(matching: "stack.stem.bias", learningRateScale: 4)
        let optimizer = SGD(learningRate: 1, layerDecay: 0.5, groups: [faster])
        try optimizer.update(module, with: gradients)
        let expected: [String: Float] = [
            "stack.stem.weight": 0.125, "stack.stem.bias": 0.5, "stack.blocks.0.weight": 0.25,
            "stack.blocks.0.bias": 0.25, "stack.blocks.1.weight": 0.5, "stack.blocks.1.bias": 0.5,
            "stack.head.weight": 1, "stack.head.bias": 1, "projection.weight": 1, "projection.bias": 1,
        ]
        #expect(parameters.count == expected.count)
        for ((path, parameter), old) in zip(parameters, before) {
            let moved = old[0] - parameter.stored.scalars[0]
            #expect(abs(moved - (expected[path] ?? .nan)) < 1e-6, "\(path): \(moved)")
        }
        let plain = FixtureModule()
        #expect(throws: TrainingError.noLayers(module: "FixtureModule")) {
            try SGD(learningRate: 1, layerDecay: 0.5).update(plain, with: plain.gradients(at: 0))
        }
    }

    @Test func gradientFactorEqualsScaledGradients() throws {
        let a = FixtureModule(), b = FixtureModule()
        let one = AdamW(learningRate: 0.1), other = AdamW(learningRate: 0.1)
        try one.update(a, with: a.gradients(at: 0).scaled(by: 0.25))
        try other.update(b, with: b.gradients(at: 0), learningRateFactor: 1, gradientFactor: 0.25)
        #expect(a.table.stored.scalars == b.table.stored.scalars)
        #expect(a.weight.stored.scalars == b.weight.stored.scalars)
    }

    @Test func groupsScaleTheRateAndReplaceTheDecay() throws {
        func after(_ groups: [ParameterGroup], decay: Double = 0) throws -> FixtureModule {
            let module = FixtureModule()
            try SGD(learningRate: 0.5, weightDecay: decay, groups: groups).update(module, with: module.gradients(at: 0))
            return module
        }
        let plain = try after([]), slow = try after([ParameterGroup(matching: "we*", learningRateScale: 0)])
        #expect(slow.weight.stored.scalars == FixtureModule().weight.stored.scalars)
        #expect(slow.bias.stored.scalars == plain.bias.stored.scalars)
        let decayed = try after(
            [ParameterGroup(matching: "*", weightDecay: 0.2), ParameterGroup(matching: "table", weightDecay: 0)],
            decay: 9)
        #expect(decayed.table.stored.scalars == plain.table.stored.scalars)
        let expected = zip(plain.bias.stored.scalars, FixtureModule().bias.stored.scalars).map { $0 - 0.5 * 0.2 * $1 }
        expectClose(decayed.bias.stored, Tensor(expected, shape: [5]), "a group's decay holds for vectors")
    }

    @Test func aGroupThatFitsNothingIsAnErrorWithTheNearestPath() {
        let module = FixtureModule()
        let optimizer = AdamW(learningRate: 1, groups: [ParameterGroup(matching: "tabel*", weightDecay: 0)])
        #expect(throws: TrainingError.noMatch(pattern: "tabel*", purpose: "a parameter group", nearest: "table")) {
            try optimizer.update(module, with: module.gradients(at: 0))
        }
    }

    @Test func aGradientOfAnUnregisteredParameterIsAnError() {
        let inside = FixtureModule(), outside = Parameter([2, 2], .ones)
        let gradients = valueWithGradient {
            Tensor(0).recorded(from: inside.bias.value, outside.value) { _, _ in
                [Tensor(ones: [5]), Tensor(ones: [2, 2])]
            }
        }.1
        #expect(throws: TrainingError.unregistered(shapes: [[2, 2]], module: "FixtureModule")) {
            try AdamW(learningRate: 1).update(inside, with: gradients)
        }
    }

    @Test func frozenParametersStayAndNeedNoGradient() throws {
        let module = FixtureModule()
        #expect(try module.freeze(matching: ["weight", "b*"]) == ["weight", "bias"])
        let optimizer = AdamW(learningRate: 0.1)
        try optimizer.update(module, with: module.gradients(at: 0))
        #expect(module.weight.stored.scalars == hashed("weight", [3, 5]).scalars)
        #expect(module.table.stored.scalars != hashed("table", [7, 3]).scalars)
        #expect(optimizer.state.map(\.name) == ["table.exp_avg", "table.exp_avg_sq", "table.step"])
        #expect(throws: TrainingError.noMatch(pattern: "txt", purpose: "what to freeze", nearest: nil)) {
            try module.freeze(matching: ["txt"])
        }
    }

    @Test(arguments: ["adamw", "momentum", "lars", "lamb", "lion"])
    func aRestoredOptimizerGoesOnBitForBit(name: String) throws {
        let whole = FixtureModule(), first = Self.make(name)
        for step in 0..<5 { try first.update(whole, with: whole.gradients(at: step)) }
        let halves = FixtureModule(), before = Self.make(name), after = Self.make(name)
        for step in 0..<2 { try before.update(halves, with: halves.gradients(at: step)) }
        try after.restore(before.state, for: halves)
        for step in 2..<5 { try after.update(halves, with: halves.gradients(at: step)) }
        for (a, b) in zip(ParameterWalk(whole).parameters, ParameterWalk(halves).parameters) {
            #expect(a.parameter.stored.scalars == b.parameter.stored.scalars, "\(a.path)")
        }
    }

    @Test func aStateOfAnotherModelIsAnError() throws {
        let module = FixtureModule(), optimizer = AdamW(learningRate: 0.1)
        try optimizer.update(module, with: module.gradients(at: 0))
        let other = AdamW(learningRate: 0.1)
        #expect(throws: TrainingError.self) {
            try other.restore(optimizer.state + [("head.step", Tensor([Int32(1)], shape: []))], for: module)
        }
        #expect(throws: TrainingError.self) {
            try other.restore(optimizer.state.filter { $0.name != "bias.exp_avg" }, for: module)
        }
    }

    @Test(.enabled(if: ThreadTests.areEnabled)) func updatesDoNotDependOnTheNumberOfThreads() throws {
        final class Large: Module {
            let parts = (0..<5).map { Parameter([31 + $0, 4001], .values(hashed("\($0)", [31 + $0, 4001]))) }
        }
        func run(threads: Int) throws -> ([[Float]], Double) {
            let old = Threads.count
            defer { Threads.count = old }
            Threads.count = threads
            let module = Large(), optimizer = AdamW(learningRate: 0.1)
            let gradients = valueWithGradient {
                Tensor(0).recorded(fromAll: module.parts.map(\.value)) { _, _ in
                    module.parts.map { hashed("g", $0.shape) }
                }
            }.1
            try optimizer.update(module, with: gradients)
            return (module.parts.map(\.stored.scalars), gradients.norm)
        }
        let one = try run(threads: 1), three = try run(threads: 3)
        #expect(one.0 == three.0)
        #expect(one.1 == three.1)
    }

    @Test func aValueReadBeforeAnUpdateStaysAsItWas() throws {
        let module = FixtureModule()
        let before = module.weight.stored
        try SGD(learningRate: 1).update(module, with: module.gradients(at: 0))
        #expect(before.scalars == hashed("weight", [3, 5]).scalars)
        #expect(module.weight.stored.scalars != before.scalars)
    }

    @Test func valuesAreClampedToTheirRange() throws {
        final class Scale: Module { let scale = Parameter([], .constant(4), range: 0...4.5) }
        let module = Scale()
        let gradients = valueWithGradient {
            module.scale.value.recorded(from: module.scale.value) { _, _ in [Tensor(-1)] }
        }.1
        try SGD(learningRate: 10).update(module, with: gradients)
        #expect(module.scale.stored.item == 4.5)
    }
}

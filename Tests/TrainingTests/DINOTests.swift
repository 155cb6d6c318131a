import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The encoder of Tests/Fixtures/views.py, with or without its batch normalization.
private final class DINOEncoder: FeatureEncoder {
    let linear = Linear(6, 12)
    let norm: BatchNorm?
    let outputDimension = 12
    init(normalizes: Bool) { norm = normalizes ? BatchNorm(12) : nil }
    func callAsFunction(_ x: Tensor) -> Tensor { (norm.map { $0(linear(x)) } ?? linear(x)).relu() }
}

struct DINOTests {
    private static let steps = 10

    private static func make(
        normalizes: Bool = true, frozen: Int = 0, teacher: ScheduledValue = .linear(from: 0.04, to: 0.07, until: 0.5),
        centerMomentum: Float = 0.9, momentum: Double = 0.9
    ) -> SelfDistillation<DINOEncoder> {
        SelfDistillation(
            DINOEncoder(normalizes: normalizes),
            projector: ProjectionHead(
                12, hidden: 10, 5, layers: 3, activation: .gelu,
                prototypes: WeightNormLinear(5, 7, frozenUpdates: frozen)),
            predictor: nil, target: .movingAverage(.cosine(from: momentum)),
            loss: CenteredCrossEntropy(classes: 7, teacherTemperature: teacher, centerMomentum: centerMomentum))
    }

    @Test(arguments: [("dino", 0, 0), ("dino local", 3, 4)])
    func tenStepsEqualPyTorch(name: String, local: Int, frozen: Int) throws {
        let objective = Self.make(frozen: frozen), walk = ParameterWalk(objective), fixture = Fixture("views")
        for (path, parameter) in walk.parameters where !parameter.isFrozen {
            parameter.assign(hashedParameter("\(name) \(path)", parameter.shape))
        }
        for (path, buffer) in walk.buffers where path.contains("running") && !path.hasPrefix("target") {
            buffer.assign(hashedParameter("\(name) \(path)", buffer.shape))
        }
        objective.initialize(seed: 0)
        let optimizer = SGD(learningRate: 0.05, momentum: 0.9)
        var losses: [Float] = []
        for step in 0..<Self.steps {
            let batch = SelfDistillationTests.views(step, local: local)
            let (loss, gradients) = valueWithGradient(step: step) { objective(batch) }
            losses.append(loss.total.item)
            try optimizer.update(
                objective, with: gradients, progress: TrainingProgress(step: step + 1, total: Self.steps))
        }
        expectClose(Tensor(losses, shape: [Self.steps]), fixture["\(name) losses"], "losses")
        let state = objective.stateDictionary().filter { $0.tensor.elementType == .float32 }
        #expect(state.contains { $0.name == "center" })
        for (path, tensor) in state where path != "teacher_temperature" {
            expectClose(tensor, fixture["\(name) \(path)"], tolerance: 5e-5, path)
        }
        #expect(state.first { $0.name == "teacher_temperature" }?.tensor.item == 0.07)
    }

    @Test(arguments: [1, 2, 6]) func atChanceTheLossIsTheLogOfItsClasses(n: Int) {
        let loss = CenteredCrossEntropy(classes: 9)
        let teacher = hashed("teacher", [n, 9]), student = Tensor(zeros: [n, 9])
        #expect(abs(loss(student, teacher).item - log(9)) < 1e-5)
        let local = Tensor(zeros: [2 * n, 9])
        let all = loss.multiCrop(
            predictions: (student, student), local: local, targets: (teacher, teacher), labels: nil)
        #expect(abs(all.item - log(9)) < 1e-5)
    }

    /// The pairs one by one: what the general form makes of the same views.
    @Test func localViewsPredictBothTargetsAndAreNone() {
        let loss = CenteredCrossEntropy(classes: 5)
        let (a, b) = (hashed("a", [4, 5]), hashed("b", [4, 5])), (s, t) = (hashed("s", [4, 5]), hashed("t", [4, 5]))
        let local = hashed("local", [8, 5])
        let parts = [local.sliced(0..<4, axis: 0), local.sliced(4..<8, axis: 0)]
        var expected = loss(s, b).item + loss(t, a).item
        for part in parts { expected += loss(part, a).item + loss(part, b).item }
        let found = loss.multiCrop(predictions: (s, t), local: local, targets: (a, b), labels: nil).item
        #expect(abs(found - expected / 6) < 1e-5)
        let cosine = CosineLoss()
        var cosines = cosine(s, b).item + cosine(t, a).item
        for part in parts { cosines += cosine(part, a).item + cosine(part, b).item }
        let general = cosine.multiCrop(predictions: (s, t), local: local, targets: (a, b), labels: nil).item
        #expect(abs(general - cosines / 6) < 1e-5)
    }

    @Test(arguments: [1, 3, 5]) func microbatchesWithLocalViewsAreExact(microbatch: Int) throws {
        let whole = Self.make(normalizes: false).initialize(seed: 3)
        let parts = Self.make(normalizes: false).initialize(seed: 3)
        let optimizers = [SGD(learningRate: 0.05, momentum: 0.9), SGD(learningRate: 0.05, momentum: 0.9)]
        for step in 0..<4 {
            let batch = SelfDistillationTests.views(step, local: 2)
            let (loss, expected) = valueWithGradient(step: step) { whole(batch) }
            let (other, gradients) = try valueWithGradient(of: parts, batch, microbatch: microbatch, step: step)
            expectClose(other.total, loss.total, "loss of step \(step)")
            try optimizers[0].update(whole, with: expected)
            try optimizers[1].update(parts, with: gradients)
        }
        for (a, b) in zip(parts.stateDictionary(), whole.stateDictionary()) where a.tensor.elementType == .float32 {
            expectClose(a.tensor, b.tensor, tolerance: 1e-4, a.name)
        }
    }

    /// arXiv:2104.14294, section 5.3: sharpening and centering keep it from collapsing, and the meters show it.
    @Test func withoutASharpenedAndCenteredTeacherItCollapses() throws {
        func train(_ teacher: ScheduledValue, centerMomentum: Float = 0.9) throws -> (spread: Float, bits: Float) {
            let objective = Self.make(teacher: teacher, centerMomentum: centerMomentum, momentum: 0.99)
                .initialize(seed: 1)
            let optimizer = SGD(learningRate: 0.05, momentum: 0.9)
            var last: (spread: Float, bits: Float) = (0, 0)
            for step in 0..<300 {
                let (loss, gradients) = valueWithGradient(step: step) { () -> Loss in
                    let x = hashed("points \(step % 7)", [32, 6])
                    return objective(Views(first: x + hashed("n \(step)", [32, 6], scale: 0.1), second: x))
                }
                let metrics = Dictionary(uniqueKeysWithValues: loss.metrics.map { ($0.name, $0.value.item) })
                last = (metrics["spread"] ?? .nan, metrics["teacher_information"] ?? .nan)
                try optimizer.update(objective, with: gradients)
            }
            return last
        }
        let sharp = try train(.constant(0.04)), flat = try train(.constant(1))
        let uncentered = try train(.constant(0.04), centerMomentum: 1)
        #expect(sharp.spread > 0.3 && sharp.bits > 0.5, "\(sharp)")
        #expect(flat.spread < 0.1 && flat.bits < 0.05, "without sharpening \(flat)")
        #expect(uncentered.spread < 0.15 && uncentered.bits < 0.1, "without centering \(uncentered)")
    }
}

struct ScheduledValueTests {
    @Test func itGoesFromItsStartToItsEnd() {
        let line = ScheduledValue.linear(from: 0.04, to: 0.07, until: 0.5)
        #expect(line.value(after: 0, of: 100) == 0.04 && line.value(after: 50, of: 100) == 0.07)
        #expect(abs(line.value(after: 25, of: 100) - 0.055) < 1e-12 && line.value(after: 99, of: 100) == 0.07)
        #expect(line.value(after: 30, of: nil) == 0.04)
        let curve = ScheduledValue.cosine(from: 1, to: 3)
        #expect([0, 4, 8].map { curve.value(after: $0, of: 8) } == [1, 2, 3])
        #expect(abs(curve.value(after: 2, of: 8) - (3 - 1 - 0.5.squareRoot())) < 1e-12)
        let warm = ScheduledValue.constant(2, warmUp: 0.25)
        #expect((0...4).map { warm.value(after: $0, of: 8) } == [0, 1, 2, 2, 2] && warm.initial == 0)
        let momentum = Momentum.scheduled(.linear(from: 0.5, to: 1))
        #expect(momentum.value(at: TrainingProgress(step: 1, total: 4)) == 0.5)
        #expect(momentum.value(at: TrainingProgress(step: 3, total: 4)) == 0.75)
    }

    @Test func aScheduledScalarFollowsTheUpdatesAndIsInCheckpoints() {
        let scalar = ScheduledScalar(.linear(from: 1, to: 2))
        #expect(scalar.value == 1)
        scalar.parametersDidUpdate(TrainingProgress(step: 3, total: 4))
        #expect(scalar.value == 1.75)
        scalar.parametersDidInitialize()
        #expect(scalar.value == 1.75, "loaded values stay")
        #expect(ParameterWalk(scalar).buffers.map(\.path) == [""])
    }
}

import ConcordDatasets
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The encoder of Tests/Fixtures/views.py.
private final class SmallEncoder: FeatureEncoder {
    let linear = Linear(6, 12)
    let norm = BatchNorm(12)
    let outputDimension = 12
    func callAsFunction(_ x: Tensor) -> Tensor { norm(linear(x)).relu() }
}

/// The same without a statistic of the batch, so that pieces are exact.
private final class PlainEncoder: FeatureEncoder {
    let linear = Linear(6, 12)
    let outputDimension = 12
    func callAsFunction(_ x: Tensor) -> Tensor { linear(x).relu() }
}

struct SelfDistillationTests {
    static let steps = 10

    static func views(_ step: Int) -> Views<Tensor> {
        Views(first: hashed("first \(step)", [8, 6]), second: hashed("second \(step)", [8, 6]))
    }

    private static func make(_ name: String) -> SelfDistillation<SmallEncoder> {
        let norm: ProjectionHead.Norm = name == "moco" ? .none : .hidden
        let projector = ProjectionHead(12, hidden: 10, 5, norm: norm),
            predictor = ProjectionHead(5, hidden: 10, 5, norm: norm)
        switch name {
        case "moco":
            return SelfDistillation(
                SmallEncoder(), projector: projector, predictor: nil, target: .movingAverage(.constant(0.9)),
                loss: QueueContrast(count: 20, dimension: 5, temperature: .fixed(0.2)), isSymmetric: false)
        case "byol":
            return SelfDistillation(
                SmallEncoder(), projector: projector, predictor: predictor, target: .movingAverage(.cosine(from: 0.9)),
                loss: CosineLoss())
        case "moco_v3":
            return SelfDistillation(
                SmallEncoder(), projector: ProjectionHead(12, hidden: 10, 5, norm: .allButLastAffine),
                predictor: ProjectionHead(5, hidden: 10, 5, norm: .hidden, biases: .none),
                target: .movingAverage(.cosine(from: 0.9)),
                loss: InfoNCE(temperature: .fixed(0.2), direction: .oneWay))
        case "nnclr":
            return SelfDistillation(
                SmallEncoder(), projector: ProjectionHead(12, hidden: 10, 5, layers: 3, norm: .all),
                predictor: predictor, target: .online,
                loss: NearestNeighborContrast(count: 20, dimension: 5, temperature: .fixed(0.2)))
        default:
            return SelfDistillation(
                SmallEncoder(), projector: projector, predictor: predictor, target: .online, loss: CosineLoss())
        }
    }

    @Test(arguments: ["moco", "byol", "simsiam", "moco_v3", "nnclr"]) func tenStepsEqualPyTorch(name: String) throws {
        let objective = Self.make(name), walk = ParameterWalk(objective), fixture = Fixture("views")
        let isOwn = { (path: String) in path.hasPrefix("target") || path.hasPrefix("queue") }
        for (path, parameter) in walk.parameters where !parameter.isFrozen {
            parameter.assign(hashedParameter("\(name) \(path)", parameter.shape))
        }
        for (path, buffer) in walk.buffers where !isOwn(path) {
            buffer.assign(hashedParameter("\(name) \(path)", buffer.shape))
        }
        walk.buffers.first { $0.path == "queue.rows" }?.buffer.assign(hashed("\(name) queue", [20, 5]).l2Normalized())
        objective.initialize(seed: 0)
        let optimizer = SGD(learningRate: 0.05, momentum: 0.9)
        var losses: [Float] = []
        for step in 0..<Self.steps {
            let (loss, gradients) = valueWithGradient(step: step) { objective(Self.views(step)) }
            losses.append(loss.total.item)
            try optimizer.update(
                objective, with: gradients, progress: TrainingProgress(step: step + 1, total: Self.steps))
        }
        expectClose(Tensor(losses, shape: [Self.steps]), fixture["\(name) losses"], "losses")
        let known = Set(fixture.names)
        for (path, tensor) in objective.stateDictionary() where path != "target.updates" && path != "queue.head" {
            // A normalization without affine parameters has a frozen weight of one and bias of zero here.
            if name == "moco_v3", path.hasSuffix("head.norms.1.weight") || path.hasSuffix("head.norms.1.bias") {
                #expect(!known.contains("\(name) \(path)"))
                expectClose(tensor, path.hasSuffix("weight") ? Tensor(ones: [5]) : Tensor(zeros: [5]), path)
                continue
            }
            let key = path == "queue.rows" ? "queue" : path
            // Steps of MoCo v3 and NNCLR, which normalize outputs over the batch, double float32's rounding repeatedly.
            let isNormalized = name == "moco_v3" || name == "nnclr"
            expectClose(tensor, fixture["\(name) \(key)"], tolerance: isNormalized ? 1e-4 : 1e-5, path)
        }
    }

    /// Two views, and so many further ones in one input.
    static func views(_ step: Int, local count: Int) -> Views<Tensor> {
        guard count > 0 else { return views(step) }
        let local = Tensor.concatenated((0..<count).map { hashed("local \($0) \(step)", [8, 6]) }, axis: 0)
        return Views(
            first: views(step).first, second: views(step).second, local: LocalViews(local, count: count))
    }

    @Test(arguments: [("swav", 0, 0, 0), ("swav queue", 20, 3, 0), ("swav local", 0, 0, 3)])
    func tenStepsOfSwAVEqualPyTorch(name: String, queue: Int, frozen: Int, local: Int) throws {
        let loss = SwappedPrediction(prototypes: 7, dimension: 5, queue: queue, frozenUpdates: frozen)
        let objective = JointEmbedding(
            SmallEncoder(), head: ProjectionHead(12, hidden: 10, 5, norm: .hidden), loss: loss)
        let walk = ParameterWalk(objective), fixture = Fixture("views")
        for (path, parameter) in walk.parameters where path != "prototypes.weight" {
            parameter.assign(hashedParameter("\(name) \(path)", parameter.shape))
        }
        for (path, buffer) in walk.buffers where path.contains("running") {
            buffer.assign(hashedParameter("\(name) \(path)", buffer.shape))
        }
        loss.prototypes.assign(hashed("\(name) prototypes.weight", [7, 5]))
        objective.initialize(seed: 0)
        let optimizer = SGD(learningRate: 0.05, momentum: 0.9)
        var losses: [Float] = []
        for step in 0..<Self.steps {
            let (loss, gradients) = valueWithGradient(step: step) { objective(Self.views(step, local: local)) }
            losses.append(loss.total.item)
            try optimizer.update(objective, with: gradients)
        }
        expectClose(Tensor(losses, shape: [Self.steps]), fixture["\(name) losses"], "losses")
        for (path, tensor) in objective.stateDictionary() where fixture.names.contains("\(name) \(path)") {
            expectClose(tensor, fixture["\(name) \(path)"], path)
        }
        #expect(fixture.names.contains("\(name) prototypes.weight"))
        #expect(loss.queues.count == (queue == 0 ? 0 : 2))
    }

    /// Samples have sum 1 each and, after many rounds, prototypes equal sums.
    @Test func sinkhornSpreadsSamplesEvenlyOverPrototypes() {
        let q = SwappedPrediction.sinkhorn(hashed("scores", [12, 4]), epsilon: 0.5, iterations: 200)
        expectClose(q.sum(axis: 1), Tensor(ones: [12]))
        expectClose(q.sum(axis: 0), Tensor(repeating: 3, shape: [4]), tolerance: 1e-4)
    }

    /// A projection orthogonal to all prototypes is assigned to all alike.
    @Test(arguments: [1, 2, 5]) func atChanceSwAVIsTheLogOfItsPrototypes(n: Int) {
        let loss = SwappedPrediction(prototypes: 6, dimension: 4)
        loss.prototypes.assign(.concatenated([hashed("p", [6, 3]), Tensor(zeros: [6, 1])], axis: 1).l2Normalized())
        let z = Tensor.concatenated([Tensor(zeros: [n, 3]), Tensor(ones: [n, 1])], axis: 1)
        #expect(abs(loss(z, z).item - log(6)) < 1e-5)
    }

    private static func plain(queue count: Int = 20) -> SelfDistillation<PlainEncoder> {
        SelfDistillation(
            PlainEncoder(), projector: ProjectionHead(12, hidden: 10, 5), predictor: nil,
            target: .movingAverage(.constant(0.9)),
            loss: QueueContrast(count: count, dimension: 5, temperature: .fixed(0.2)), isSymmetric: false)
    }

    /// Runs steps and gives all state; `accumulate` halves of each batch make one update.
    private func run(microbatch: Int?, accumulate: Bool = false, steps: Int = 5) throws -> [String: Tensor] {
        let objective = Self.plain().initialize(seed: 3), optimizer = SGD(learningRate: 0.05)
        for step in 0..<steps {
            let batch = Self.views(step)
            if accumulate {
                let halves = [0..<4, 4..<8].map { rows in
                    valueWithGradient(step: step) {
                        objective(Views(first: batch.first.rows(in: rows), second: batch.second.rows(in: rows))).total
                    }.1
                }
                var sum = halves[0]
                sum.add(halves[1])
                try optimizer.update(objective, with: sum, gradientFactor: 0.5)
            } else if let microbatch {
                let (_, gradients) = try valueWithGradient(of: objective, batch, microbatch: microbatch, step: step)
                try optimizer.update(objective, with: gradients)
            } else {
                let (_, gradients) = valueWithGradient(step: step) { objective(batch) }
                try optimizer.update(objective, with: gradients)
            }
        }
        return Dictionary(uniqueKeysWithValues: objective.stateDictionary().map { ($0.name, $0.tensor) })
    }

    /// BYOL's form: both directions, and a predictor.
    @Test(arguments: [1, 3, 4]) func microbatchesOfASymmetricFormWithAPredictorAreExact(microbatch: Int) throws {
        func make() -> SelfDistillation<PlainEncoder> {
            SelfDistillation(
                PlainEncoder(), projector: ProjectionHead(12, hidden: 10, 5),
                predictor: ProjectionHead(5, hidden: 10, 5), target: .movingAverage(.constant(0.9)), loss: CosineLoss()
            ).initialize(seed: 3)
        }
        let whole = make(), parts = make()
        let optimizers = [SGD(learningRate: 0.05, momentum: 0.9), SGD(learningRate: 0.05, momentum: 0.9)]
        for step in 0..<4 {
            let batch = Self.views(step)
            let (loss, expected) = valueWithGradient(step: step) { whole(batch) }
            let (other, gradients) = try valueWithGradient(of: parts, batch, microbatch: microbatch, step: step)
            expectClose(other.total, loss.total, "loss of step \(step)")
            #expect(other.metrics.map(\.name) == ["spread"] && loss.metrics.map(\.name) == ["spread"])
            expectClose(other.metrics[0].value, loss.metrics[0].value, tolerance: 1e-4, "spread of the projections")
            let twins = ParameterWalk(parts).parameters
            for ((path, parameter), twin) in zip(ParameterWalk(whole).parameters, twins) {
                expectClose(
                    try #require(gradients[twin.parameter]), try #require(expected[parameter]), tolerance: 1e-4, path)
            }
            try optimizers[0].update(whole, with: expected)
            try optimizers[1].update(parts, with: gradients)
        }
        for (a, b) in zip(parts.stateDictionary(), whole.stateDictionary()) where a.tensor.elementType == .float32 {
            expectClose(a.tensor, b.tensor, tolerance: 1e-4, a.name)
        }
        #expect(parts.stateDictionary().first { $0.name == "target.updates" }?.tensor.integerScalars == [4])
    }

    @Test(arguments: [3, 4]) func microbatchesGiveTheSameQueueAndTarget(microbatch: Int) throws {
        let whole = try run(microbatch: nil), pieces = try run(microbatch: microbatch)
        for (name, tensor) in whole {
            if tensor.elementType == .float32 {
                expectClose(try #require(pieces[name]), tensor, name)
            } else {
                #expect(pieces[name]?.integerScalars == tensor.integerScalars, "\(name)")
            }
        }
        #expect(whole["target.updates"]?.integerScalars == [5])
        #expect(whole["queue.head"]?.integerScalars == [0], "5 x 8 keys into 20 rows: twice around")
    }

    /// With one contrast a row against the queue alone, two halves make the batch's own update.
    @Test func accumulationStagesEachKeyOnceAndMovesTheTargetOnce() throws {
        let whole = try run(microbatch: nil), halves = try run(microbatch: nil, accumulate: true)
        for (name, tensor) in whole where tensor.elementType == .float32 {
            expectClose(try #require(halves[name]), tensor, name)
        }
        #expect(halves["target.updates"]?.integerScalars == [5] && halves["queue.head"]?.integerScalars == [0])
    }

    @Test func aQueueKeepsTheNewestKeysInTheirOrder() {
        let queue = MemoryQueue(count: 5, dimension: 1)
        func push(_ values: [Float]) {
            queue.stage(Tensor(values, shape: [values.count, 1]))
            queue.parametersDidUpdate(TrainingProgress(step: 1))
        }
        push([1, 2, 3])
        push([4, 5, 6])
        #expect(queue.rows.scalars == [6, 2, 3, 4, 5])
        push([7, 8, 9, 10, 11, 12, 13])  // more than fit: the last five stay
        #expect(Set(queue.rows.scalars) == [9, 10, 11, 12, 13])
        let before = queue.rows.scalars
        queue.parametersDidUpdate(TrainingProgress(step: 4))
        #expect(queue.rows.scalars == before, "without new keys it stays")
    }

    @Test func theCosineMomentumGoesFromItsStartToOne() {
        let momentum = Momentum.cosine(from: 0.99)
        #expect(momentum.value(at: TrainingProgress(step: 1, total: 100)) == 0.99)
        #expect(abs(momentum.value(at: TrainingProgress(step: 51, total: 100)) - 0.995) < 1e-12)
        #expect(momentum.value(at: TrainingProgress(step: 101, total: 100)) == 1)
        #expect(momentum.value(at: TrainingProgress(step: 7)) == 0.99)
    }

    /// arXiv:2011.10566, figure 2: without the stop-gradient all outputs become one.
    @Test func withoutItsStopGradientSimSiamCollapses() throws {
        func spread(_ target: SelfDistillation<SmallEncoder>.Target) throws -> Float {
            let objective = SelfDistillation(
                SmallEncoder(), projector: ProjectionHead(12, hidden: 10, 5, norm: .allButLastAffine),
                predictor: ProjectionHead(5, hidden: 10, 5, norm: .hidden), target: target, loss: CosineLoss()
            ).initialize(seed: 1)
            let optimizer = SGD(learningRate: 0.2, momentum: 0.9)
            var last: Float = 0
            for step in 0..<150 {
                let (loss, gradients) = valueWithGradient(step: step) { () -> Loss in
                    let x = hashed("points \(step % 7)", [32, 6])
                    return objective(Views(first: x + hashed("n \(step)", [32, 6], scale: 0.1), second: x))
                }
                last = loss.metrics.first { $0.name == "spread" }?.value.item ?? .nan
                try optimizer.update(objective, with: gradients)
            }
            return last
        }
        let stopped = try spread(.online), open = try spread(.onlineWithGradient)
        #expect(stopped > 0.5, "with the stop-gradient: \(stopped)")
        #expect(open < stopped, "without: \(open)")
    }

    @Test func stoppedAndResumedItIsTheSameBits() throws {
        let folder = TemporaryFolder()
        func trainer() -> Trainer<SelfDistillation<PlainEncoder>> {
            Trainer(
                Self.plain(queue: 13), optimizer: AdamW(learningRate: 0.01), seed: 4,
                checkpoints: Checkpoints(in: folder.file("c"), every: 3, keep: 20), progress: .silent)
        }
        let batches = pairs()
        try trainer().train(on: batches, steps: 7)
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file("c") + "/step-00000007.safetensors"))
        for name in ["/step-00000006", "/step-00000007"] {
            for kind in [".safetensors", ".optimizer.safetensors"] {
                try FileManager.default.removeItem(atPath: folder.file("c") + name + kind)
            }
        }
        let second = trainer()
        #expect(try second.resume(from: folder.file("c")) == 3)
        try second.train(on: batches, steps: 7)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("c") + "/step-00000007.safetensors")) == whole)
    }
}

/// 40 pairs of noisy points in batches of 8.
private func pairs() -> Batches<Views<Tensor>> {
    Samples<(first: Tensor, second: Tensor)>(count: 40) { index, random in
        let x = hashed("sample \(index)", [6])
        return (x + 0.1 * random.uniform(), x + 0.1 * random.uniform())
    }.batches(of: 8, seed: 2, threads: 1) { samples in
        Views(
            first: Tensor(samples.flatMap(\.first.scalars), shape: [samples.count, 6]),
            second: Tensor(samples.flatMap(\.second.scalars), shape: [samples.count, 6]))
    }
}

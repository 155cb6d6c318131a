import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Towers over one encoder, inputs by name, and heads.
@Suite struct TowerTests {
    struct Named: Sendable {
        let inputs: [String: Available<Tensor>]
    }

    final class Dense: FeatureEncoder {
        let layer: Linear
        let outputDimension: Int
        init(_ outputDimension: Int = 6) {
            layer = Linear(5, outputDimension)
            self.outputDimension = outputDimension
        }
        func callAsFunction(_ x: Tensor) -> Tensor { layer(x).gelu().dropout(0.2) }
    }

    let batch = Named(inputs: [
        "question": Available(hashed("question", [9, 5]), count: 9),
        "answer": Available(hashed("answer", [9, 5]), count: 9),
    ])

    static func tower(_ name: String, _ encoder: Dense, _ head: TowerHead) -> Tower<Named> {
        Tower(name, encoder, head: head) { $0.inputs[name] }
    }

    static func model(
        _ question: Dense, _ answer: Dense, head: TowerHead = .linear, answerHead: TowerHead? = nil
    ) -> Contrastive<Named> {
        Contrastive(
            tower("question", question, head), tower("answer", answer, answerHead ?? head), dimension: 3,
            loss: SigmoidLoss(bias: -1)
        ).initialize(seed: 4)
    }

    static func siamese(_ head: TowerHead = .linear) -> Contrastive<Named> {
        let encoder = Dense()
        return model(encoder, encoder, head: head)
    }

    @Test func aSharedEncoderIsStoredOnceUnderTheFirstTower() {
        let walk = ParameterWalk(Self.siamese())
        #expect(
            walk.parameters.map(\.path) == [
                "question.encoder.layer.weight", "question.encoder.layer.bias", "question.projection.weight",
                "logit_scale", "logit_bias",
            ])
        #expect(
            walk.ties.map(\.path) == [
                "answer.encoder.layer.weight", "answer.encoder.layer.bias", "answer.projection.weight",
            ])
    }

    @Test func headsOfDifferentKindsAreNotShared() {
        let encoder = Dense()
        let model = Self.model(encoder, encoder, answerHead: .mlp(hidden: 4))
        #expect(
            ParameterWalk(model).parameters.map(\.path).filter { !$0.hasPrefix("logit") } == [
                "question.encoder.layer.weight", "question.encoder.layer.bias", "question.projection.weight",
                "answer.head.linears.0.weight", "answer.head.linears.0.bias", "answer.head.linears.1.weight",
                "answer.head.linears.1.bias",
            ])
    }

    /// The gradient of a shared parameter is the sum of those that two copies of it get.
    @Test func gradientsOfBothSidesAddUp() throws {
        let shared = Self.siamese(), apart = Self.model(Dense(), Dense())
        let values = ParameterWalk(shared).parameters
        func twin(_ path: String) -> String { path.replacing("question.", with: "answer.") }
        let copies = Dictionary(uniqueKeysWithValues: ParameterWalk(apart).parameters.map { ($0.path, $0.parameter) })
        for (path, parameter) in values {
            copies[path]?.assign(parameter.stored)
            copies[twin(path)]?.assign(parameter.stored)
        }
        let (loss, gradients) = valueWithGradient(step: 2) { shared(batch) }
        let (separate, parts) = valueWithGradient(step: 2) { apart(batch) }
        #expect(loss.total.item == separate.total.item)
        for (path, parameter) in values {
            let expected = Set([path, twin(path)]).compactMap { copies[$0].flatMap { parts[$0] } }
            try #require(expected.count == (path.hasPrefix("question") ? 2 : 1), "\(path)")
            expectClose(try #require(gradients[parameter]), expected.dropFirst().reduce(expected[0], +), path)
        }
    }

    @Test func sharedTowersAreAJointEmbeddingOfTwoViews() throws {
        let shared = Self.siamese(.mlp(hidden: 4))
        let joint = JointEmbedding(Dense(), head: ProjectionHead(6, hidden: 4, 3), loss: SigmoidLoss(bias: -1))
        let others = Dictionary(uniqueKeysWithValues: ParameterWalk(joint).parameters.map { ($0.path, $0.parameter) })
        let values = ParameterWalk(shared).parameters
        #expect(Set(values.map { $0.path.replacing("question.", with: "") }) == Set(others.keys))
        for (path, parameter) in values {
            others[path.replacing("question.", with: "")]?.assign(parameter.stored)
        }
        let views = Views(
            first: try #require(batch.inputs["question"]).input, second: try #require(batch.inputs["answer"]).input)
        let (loss, gradients) = valueWithGradient { shared(batch) }
        let (other, expected) = valueWithGradient { joint(views) }
        #expect(loss.total.item == other.total.item)
        for (path, parameter) in values {
            let twin = try #require(others[path.replacing("question.", with: "")])
            expectClose(try #require(gradients[parameter]), try #require(expected[twin]), path)
        }
    }

    @Test(arguments: [1, 4, 5]) func microbatchesOfASharedEncoderAreExact(microbatch: Int) throws {
        let model = Self.siamese()
        let (loss, expected) = valueWithGradient(step: 3) { model(batch) }
        let (cached, gradients) = try valueWithGradient(of: model, batch, microbatch: microbatch, step: 3)
        expectClose(cached.total, loss.total)
        #expect(gradients.count == 5)
        for (path, parameter) in ParameterWalk(model).parameters {
            expectClose(try #require(gradients[parameter]), try #require(expected[parameter]), path)
        }
    }

    @Test func withoutAHeadTheEncodersOutputIsTheEmbedding() {
        let encoder = Dense(3), model = Self.model(encoder, encoder, head: .none)
        let x = hashed("x", [2, 5])
        #expect(model.embed("answer", x).scalars == encoder(x).scalars)
        #expect(ParameterWalk(model).parameters.map(\.path).filter { $0.hasPrefix("question") }.count == 2)
    }

    @Test func anInputByNameMayBeMissing() {
        let only = Named(inputs: ["question": Available(hashed("question", [9, 5]), count: 9)])
        let loss = Self.siamese()(only)
        #expect(loss.total.item == 0)
    }
}

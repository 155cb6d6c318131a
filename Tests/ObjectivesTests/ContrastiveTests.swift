import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

@Suite struct ContrastiveTests {
    struct Triplet: Sendable {
        let image: Tensor, text: Tensor, audio: Tensor
        var labels: Tensor?
    }

    /// The mean over a middle axis, after a linear layer.
    final class Pooled: FeatureEncoder {
        let layer: Linear
        let outputDimension: Int
        init(_ size: Int, _ outputDimension: Int) {
            layer = Linear(size, outputDimension)
            self.outputDimension = outputDimension
        }
        func callAsFunction(_ x: Tensor) -> Tensor { layer(x).mean(axis: 1) }
    }

    let batch = Triplet(
        image: hashed("image", [9, 3, 5]), text: hashed("text", [9, 4, 6]), audio: hashed("audio", [9, 2, 7]),
        labels: Tensor([0, 1, 2, 0, 4, 5, 5, 5, 8] as [Int32], shape: [9]))

    func pair(
        loss: InfoNCE = InfoNCE(), labels: (any KeyPath<Triplet, Tensor?> & Sendable)? = nil
    ) -> Contrastive<Triplet> {
        Contrastive<Triplet>(
            Tower("image", \.image, Pooled(5, 12)), Tower("text", \.text, Pooled(6, 10)), dimension: 8, loss: loss,
            labels: labels
        ).initialize(seed: 1)
    }

    func three(_ pairs: Contrastive<Triplet>.Pairing) -> Contrastive<Triplet> {
        Contrastive<Triplet>(
            Tower("image", \.image, Pooled(5, 12)), Tower("text", \.text, Pooled(6, 10)),
            Tower("audio", \.audio, Pooled(7, 9)),
            dimension: 8, pairs: pairs
        ).initialize(seed: 1)
    }

    @Test func parametersStandUnderTheirTowersNames() {
        #expect(
            ParameterWalk(pair()).parameters.map(\.path) == [
                "image.encoder.layer.weight", "image.encoder.layer.bias", "image.projection.weight",
                "text.encoder.layer.weight", "text.encoder.layer.bias", "text.projection.weight", "logit_scale",
            ])
    }

    @Test func theLossIsThatOfTheProjectedEmbeddings() {
        let clip = pair()
        let a = clip.embed("image", batch.image), b = clip.embed("text", batch.text)
        #expect(a.shape == [9, 8])
        let loss = clip(batch)
        #expect(loss.total.item == clip.loss(a, b).item)
        #expect(loss.parts.isEmpty)
        #expect(loss.metrics.map(\.name) == ["logit_scale", "image_spread", "text_spread"])
        #expect(abs(loss.metrics[0].value.item - 14.285714) < 1e-4)
        #expect(clip.features("image", batch.image).shape == [9, 12])
    }

    @Test func severalTowersGiveTheMeanOfTheirPairs() {
        let all = three(.all)(batch), anchored = three(.anchored("text"))(batch)
        #expect(all.parts.map(\.name) == ["image_text", "image_audio", "text_audio"])
        #expect(abs(all.parts.reduce(0) { $0 + $1.value.item } / 3 - all.total.item) < 1e-5)
        #expect(anchored.parts.map(\.name) == ["text_image", "text_audio"])
        #expect(abs(anchored.parts.reduce(0) { $0 + $1.value.item } / 2 - anchored.total.item) < 1e-5)
    }

    @Test func everyParameterGetsAGradientThatDescends() throws {
        let clip = three(.all)
        let (loss, gradients) = valueWithGradient { clip(batch) }
        let parameters = ParameterWalk(clip).parameters
        for (path, parameter) in parameters {
            let gradient = try #require(gradients[parameter], "\(path)")
            parameter.update { p in for i in 0..<gradient.count { p[i] -= 0.02 * gradient.scalars[i] } }
        }
        #expect(clip(batch).total.item < loss.total.item)
    }

    @Test func equalLabelsArePositives() {
        let plain = pair(), labelled = pair(labels: \Triplet.labels)
        let a = plain.embed("image", batch.image), b = plain.embed("text", batch.text)
        #expect(labelled(batch).total.item == plain.loss(a, b, labels: batch.labels).item)
        #expect(labelled(batch).total.item != plain(batch).total.item)
    }

    @Test func spreadIsZeroWhereAllEmbeddingsAreTheSame() {
        let same = Triplet(image: Tensor(ones: [9, 3, 5]), text: batch.text, audio: batch.audio)
        let metrics = pair()(same).metrics
        #expect(metrics[1].value.item < 1e-3)
        #expect(metrics[2].value.item > 0.1)
    }

    @Test func spreadIsNearOneWhereEmbeddingsPointEverywhere() {
        // Large inputs of five random directions: the biases are nothing beside them.
        let image = Tensor(normal: 0, std: 1000, shape: [512, 1, 5], key: RandomKey(seed: 5))
        let batch = Triplet(image: image, text: Tensor(zeros: [512, 1, 6]), audio: batch.audio)
        let spread = pair()(batch).metrics[1].value.item
        #expect(spread > 0.6 && spread <= 1, "\(spread)")
    }
}

import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Contrastive models of batches in which samples lack a modality.
@Suite struct AvailableTests {
    struct Mixed: Sendable {
        let image: Available<Tensor>?, text: Tensor, audio: Available<Tensor>?
        var labels: Tensor?
    }

    struct Whole: Sendable {
        let image: Tensor, text: Tensor, audio: Tensor
        var labels: Tensor?
    }

    final class Flat: FeatureEncoder {
        let layer: Linear
        let outputDimension = 6
        init(_ size: Int) { layer = Linear(size, 6) }
        func callAsFunction(_ x: Tensor) -> Tensor { layer(x) }
    }

    let image = hashed("image", [9, 5]), text = hashed("text", [9, 4]), audio = hashed("audio", [9, 7])
    let labels = Tensor([0, 1, 2, 0, 4, 5, 5, 5, 8] as [Int32], shape: [9])

    func rows(_ x: Tensor, _ rows: [Int]) -> Tensor {
        x.gathered(at: Tensor(rows.map(Int32.init), shape: [rows.count]))
    }

    func batch(image imageRows: [Int]?, audio audioRows: [Int]?) -> Mixed {
        Mixed(
            image: imageRows.map { Available(rows(image, $0), rows: $0, of: 9) } ?? Available(image, count: 9),
            text: text,
            audio: audioRows.map { Available(rows(audio, $0), rows: $0, of: 9) }, labels: labels)
    }

    func mixed(labelled: Bool = false) -> Contrastive<Mixed> {
        Contrastive<Mixed>(
            Tower("image", \.image, Flat(5)), Tower("text", \.text, Flat(4)), Tower("audio", \.audio, Flat(7)),
            dimension: 3,
            labels: labelled ? \Mixed.labels : nil
        ).initialize(seed: 3)
    }

    func whole(labelled: Bool = false) -> Contrastive<Whole> {
        Contrastive<Whole>(
            Tower("image", \.image, Flat(5)), Tower("text", \.text, Flat(4)), Tower("audio", \.audio, Flat(7)),
            dimension: 3,
            labels: labelled ? \Whole.labels : nil
        ).initialize(seed: 3)
    }

    @Test func whereNothingIsMissingItIsTheWholeComputation() {
        let all = Array(0..<9)
        let (a, first) = valueWithGradient { mixed(labelled: true)(batch(image: all, audio: all)) }
        let (b, second) = valueWithGradient {
            whole(labelled: true)(Whole(image: image, text: text, audio: audio, labels: labels))
        }
        #expect(a.total.item == b.total.item)
        for (x, y) in zip(first.entries, second.entries) {
            #expect(x.cotangent.dense.scalars == y.cotangent.dense.scalars)
        }
        #expect(a.parts.map(\.name) == b.parts.map(\.name))
        #expect(a.metrics.filter { $0.name != "pairs" }.map(\.name) == b.metrics.map(\.name))
        #expect(a.metrics.first { $0.name == "pairs" }?.value.item == 3)
    }

    @Test(arguments: [false, true]) func eachPairIsTakenOverTheSamplesThatHaveBoth(labelled: Bool) {
        let images = [0, 1, 2, 5, 6, 8], sounds = [1, 3, 5, 6, 7, 8], both = [1, 5, 6, 8]
        let model = mixed(labelled: labelled), loss = model(batch(image: images, audio: sounds))
        func pair(_ a: (String, Tensor), _ b: (String, Tensor), _ kept: [Int]) -> Float {
            model.loss(
                model.embed(a.0, rows(a.1, kept)), model.embed(b.0, rows(b.1, kept)),
                labels: labelled ? rows(labels, kept) : nil
            ).item
        }
        let expected = [
            pair(("image", image), ("text", text), images), pair(("image", image), ("audio", audio), both),
            pair(("text", text), ("audio", audio), sounds),
        ]
        #expect(loss.parts.map(\.name) == ["image_text", "image_audio", "text_audio"])
        expectClose(Tensor(loss.parts.map(\.value.item), shape: [3]), Tensor(expected, shape: [3]))
        #expect(abs(loss.total.item - expected.reduce(0, +) / 3) < 1e-6)
    }

    @Test func gradientsMatchDifferences() {
        let model = mixed(), images = [0, 2, 3, 7], sounds = [2, 3, 4, 8]
        checkGradients(of: rows(image, images), text, rows(audio, sounds), step: 1e-3) { inputs in
            model(
                Mixed(
                    image: Available(inputs[0], rows: images, of: 9), text: inputs[1],
                    audio: Available(inputs[2], rows: sounds, of: 9))
            ).total
        }
    }

    @Test func aModalityThatNobodyHasIsLeftOut() {
        let loss = mixed()(batch(image: nil, audio: nil))
        let model = whole()
        #expect(loss.total.item == model.loss(model.embed("image", image), model.embed("text", text)).item)
        #expect(loss.parts.map(\.name) == ["image_text"])
        #expect(loss.metrics.map(\.name) == ["logit_scale", "pairs", "image_spread", "text_spread"])
        #expect(loss.metrics[1].value.item == 1)
    }

    @Test func samplesThatShareNothingGiveNothing() throws {
        struct Pair: Sendable { let image: Available<Tensor>?, audio: Available<Tensor>? }
        let model = Contrastive<Pair>(Tower("image", \.image, Flat(5)), Tower("audio", \.audio, Flat(7)), dimension: 3)
        for batch in [
            Pair(
                image: Available(rows(image, [0, 1]), rows: [0, 1], of: 9),
                audio: Available(rows(audio, [2]), rows: [2], of: 9)),
            Pair(image: Available(image, count: 9), audio: nil),
        ] {
            let (loss, gradients) = valueWithGradient { model(batch) }
            #expect(loss.total.item == 0)
            #expect(loss.metrics.first { $0.name == "pairs" }?.value.item == 0)
            #expect(gradients.count == 0)
        }
    }

    @Test func theOrderOfABatchDoesNotMatter() {
        let order = (0..<9).map { $0 * 4 % 9 }, images = [0, 1, 2, 5, 6, 8], sounds = [1, 3, 5, 6, 7, 8]
        func permuted(_ kept: [Int], _ x: Tensor) -> Available<Tensor> {
            let places = order.indices.filter { kept.contains(order[$0]) }
            return Available(rows(x, places.map { order[$0] }), rows: places, of: 9)
        }
        let model = mixed(labelled: true)
        let other = Mixed(
            image: permuted(images, image), text: rows(text, order), audio: permuted(sounds, audio),
            labels: rows(labels, order))
        #expect(abs(model(other).total.item - model(batch(image: images, audio: sounds)).total.item) < 1e-5)
    }

    @Test func inputsAreCollectedFromSamples() {
        let samples: [Float?] = [nil, 2, nil, 3]
        let available = Available(of: samples, { $0 }) { Tensor($0, shape: [$0.count]) }
        #expect(available?.input.scalars == [2, 3] && available?.rows == [1, 3] && available?.count == 4)
        #expect(Available(of: [1, 2] as [Float], { $0 }) { Tensor($0, shape: [2]) }?.rows == nil)
        #expect(Available(of: [nil, nil] as [Float?], { $0 }) { Tensor($0, shape: [$0.count]) } == nil)
    }

    @Test func aPartThatSomeSamplesHaveGetsTheirKeys() {
        struct Holder: Sendable { let part: Available<Tensor>? }
        final class KeyReader: Objective {
            func callAsFunction(_ x: Tensor) -> Loss {
                Loss(x.sum(), parts: Context.current.sampleKeys.map { ("key", Tensor(Float($0.bits))) })
            }
        }
        let objective = KeyReader().on(\Holder.part), keys = (0..<4).map { RandomKey(bits: UInt64($0)) }
        withSampleKeys(keys) {
            let loss = objective(Holder(part: Available(Tensor([5, 6], shape: [2]), rows: [1, 3], of: 4)))
            #expect(loss.total.item == 11 && loss.parts.map(\.value.item) == [1, 3])
            #expect(objective(Holder(part: nil)).total.item == 0)
        }
    }
}

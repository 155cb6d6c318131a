import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The first 20 losses of CLIP against PyTorch from the same weights and batches: `Tests/Fixtures/clip_training.py`.
@Suite struct LossParityTests {
    private final class Clip: Module {
        let image: ResNet
        let text: TextTransformer
        let imageProjection: Linear
        let textProjection: Linear
        let loss = InfoNCE()

        init(width: Int, vocabulary: Int, textWidth: Int, depth: Int, context: Int, embedding: Int) {
            image = ResNet(depth: 18, width: width)
            text = TextTransformer(
                vocabulary: Vocabulary(size: vocabulary, padding: 0), width: textWidth, depth: depth, heads: 4, context: context,
                causal: true,
                pooling: .endOfText)
            imageProjection = Linear(image.outputDimension, embedding, bias: false)
            textProjection = Linear(textWidth, embedding, bias: false)
        }

        func callAsFunction(_ images: Tensor, _ texts: Tokens) -> Tensor {
            loss(imageProjection(image(images)), textProjection(text(texts)))
        }
    }

    /// Image and token ids of a step, as the script makes them.
    private func batch(_ step: Int, size: Int, side: Int, context: Int, vocabulary: Int) -> (Tensor, Tokens) {
        let ids = hashed("ids.\(step)", [size, context]).scalars.map { Int32((($0 + 1) / 2 * Float(vocabulary)).rounded(.down)) }
        let mask = [UInt8](repeating: 1, count: ids.count), shape = [size, context]
        return (hashed("images.\(step)", [size, side, side, 3]), Tokens(ids: Tensor(ids, shape: shape), mask: Tensor(mask, shape: shape)))
    }

    private func check(_ clip: Clip, against fixture: Fixture, size: Int, side: Int, context: Int, vocabulary: Int) throws {
        for (path, parameter) in ParameterWalk(clip).parameters where path != "loss.logit_scale" {
            parameter.assign(hashedParameter(path, parameter.shape))
        }
        for (path, buffer) in ParameterWalk(clip).buffers { buffer.assign(hashedParameter(path, buffer.shape)) }
        let batches = (0..<4).map { batch($0, size: size, side: side, context: context, vocabulary: vocabulary) }
        let optimizer = AdamW(learningRate: 3e-4, weightDecay: 0.1)
        let expected = fixture["losses"].scalars
        let spread = zip(fixture["losses.eager"].scalars, fixture["losses.channels_last"].scalars).map { abs($0 / $1 - 1) }
        for step in expected.indices {
            let (images, texts) = batches[step % 4]
            let (loss, gradients) = valueWithGradient(step: step) { clip(images, texts) }
            try optimizer.update(clip, with: gradients)
            let difference = abs(loss.item / expected[step] - 1)
            #expect(difference <= max(1e-4, 2 * spread[step]), "step \(step): \(loss.item), expected \(expected[step])")
        }
        expectClose(clip.image.bn1.runningMean.value, fixture["image.bn1.running_mean"], tolerance: 1e-3, "running mean")
        expectClose(clip.text.finalNorm.weight.stored, fixture["text.ln_final.weight"], tolerance: 1e-3, "last norm")
        expectClose(clip.loss.logitScale?.stored ?? Tensor(0), fixture["logit_scale"].reshaped([]), tolerance: 1e-4, "logit scale")
    }

    @Test func twentyStepsOfANarrowClipAreEqual() throws {
        let clip = Clip(width: 8, vocabulary: 50, textWidth: 32, depth: 2, context: 8, embedding: 16)
        try check(clip, against: Fixture("clip_training"), size: 16, side: 64, context: 8, vocabulary: 50)
    }

    /// `CONCORD_FULL_PARITY=1 swift test -c release --filter LossParity`, about a minute.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CONCORD_FULL_PARITY"] != nil))
    func twentyStepsOfAFullClipAreEqual() throws {
        let clip = Clip(width: 64, vocabulary: 8192, textWidth: 256, depth: 6, context: 32, embedding: 256)
        try check(clip, against: Fixture("clip_training_full"), size: 64, side: 112, context: 32, vocabulary: 8192)
    }
}

import ConcordEncoders
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The first 20 losses of CLIP against PyTorch from the same weights and batches: `Tests/Fixtures/clip_training.py`.
@Suite struct LossParityTests {
    private struct Pair: Batch {
        let image: Tensor
        let text: Tokens
    }

    private func clip(width: Int, vocabulary: Int, textWidth: Int, depth: Int, context: Int, embedding: Int) -> Contrastive<Pair> {
        let text = TextTransformer(
            vocabulary: Vocabulary(size: vocabulary, padding: 0), width: textWidth, depth: depth, heads: 4, context: context, causal: true,
            pooling: .endOfText)
        return Contrastive(
            Tower("image", \.image, ResNet(depth: 18, width: width)), Tower("text", \.text, text), dimension: embedding, loss: InfoNCE())
    }

    /// Image and token ids of a step, as the script makes them.
    private func batch(_ step: Int, size: Int, side: Int, context: Int, vocabulary: Int) -> Pair {
        let ids = hashed("ids.\(step)", [size, context]).scalars.map { Int32((($0 + 1) / 2 * Float(vocabulary)).rounded(.down)) }
        let mask = [UInt8](repeating: 1, count: ids.count), shape = [size, context]
        return Pair(
            image: hashed("images.\(step)", [size, side, side, 3]),
            text: Tokens(ids: Tensor(ids, shape: shape), mask: Tensor(mask, shape: shape)))
    }

    /// A path in the script's model.
    private func scriptPath(_ path: String) -> String {
        path.replacingOccurrences(of: ".encoder.", with: ".").replacingOccurrences(of: ".projection.", with: "_projection.")
    }

    private func check(_ clip: Contrastive<Pair>, against fixture: Fixture, size: Int, side: Int, context: Int, vocabulary: Int) throws {
        let walk = ParameterWalk(clip)
        for (path, parameter) in walk.parameters where path != "logit_scale" {
            parameter.assign(hashedParameter(scriptPath(path), parameter.shape))
        }
        for (path, buffer) in walk.buffers { buffer.assign(hashedParameter(scriptPath(path), buffer.shape)) }
        let batches = (0..<4).map { batch($0, size: size, side: side, context: context, vocabulary: vocabulary) }
        let optimizer = AdamW(learningRate: 3e-4, weightDecay: 0.1)
        let expected = fixture["losses"].scalars
        let spread = zip(fixture["losses.eager"].scalars, fixture["losses.channels_last"].scalars).map { abs($0 / $1 - 1) }
        for step in expected.indices {
            let (loss, gradients) = valueWithGradient(step: step) { clip(batches[step % 4]) }
            try optimizer.update(clip, with: gradients)
            let difference = abs(loss.total.item / expected[step] - 1)
            #expect(difference <= max(1e-4, 2 * spread[step]), "step \(step): \(loss.total.item), expected \(expected[step])")
        }
        for (path, tensor) in clip.stateDictionary() where fixture.names.contains(scriptPath(path)) {
            expectClose(tensor, fixture[scriptPath(path)].reshaped(tensor.shape), tolerance: 1e-3, path)
        }
    }

    @Test func twentyStepsOfANarrowClipAreEqual() throws {
        let clip = clip(width: 8, vocabulary: 50, textWidth: 32, depth: 2, context: 8, embedding: 16)
        try check(clip, against: Fixture("clip_training"), size: 16, side: 64, context: 8, vocabulary: 50)
    }

    /// `CONCORD_FULL_PARITY=1 swift test -c release --filter LossParity`, about a minute.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CONCORD_FULL_PARITY"] != nil))
    func twentyStepsOfAFullClipAreEqual() throws {
        let clip = clip(width: 64, vocabulary: 8192, textWidth: 256, depth: 6, context: 32, embedding: 256)
        try check(clip, against: Fixture("clip_training_full"), size: 64, side: 112, context: 32, vocabulary: 8192)
    }
}

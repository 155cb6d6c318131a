import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import Foundation
import TestSupport

/// CLIP as `Tests/Fixtures/clip_model.py` has it, with the same hashed weights and batches.
struct ScriptClip {
    struct Pair: Sendable {
        let image: Tensor
        let text: Tokens
    }

    let width: Int, side: Int, vocabulary: Int, textWidth: Int, depth: Int, context: Int, batch: Int, embedding: Int

    static let full = ScriptClip(
        width: 64, side: 112, vocabulary: 8192, textWidth: 256, depth: 6, context: 32, batch: 64, embedding: 256)
    static let narrow = ScriptClip(
        width: 8, side: 64, vocabulary: 50, textWidth: 32, depth: 2, context: 8, batch: 16, embedding: 16)
    static let narrower = ScriptClip(
        width: 4, side: 64, vocabulary: 50, textWidth: 16, depth: 2, context: 8, batch: 16, embedding: 16)

    /// With hashed weights and statistics.
    func model() -> Contrastive<Pair> {
        let text = TextTransformer(
            vocabulary: Vocabulary(size: vocabulary, padding: 0), width: textWidth, depth: depth, heads: 4,
            context: context, causal: true,
            pooling: .endOfText)
        let clip = Contrastive<Pair>(
            Tower("image", \.image, ResNet(depth: 18, width: width)), Tower("text", \.text, text), dimension: embedding,
            loss: InfoNCE())
        let walk = ParameterWalk(clip)
        for (path, parameter) in walk.parameters where path != "logit_scale" {
            parameter.assign(hashedParameter(Self.scriptPath(path), parameter.shape))
        }
        for (path, buffer) in walk.buffers { buffer.assign(hashedParameter(Self.scriptPath(path), buffer.shape)) }
        return clip
    }

    /// Images and token ids of a step; four batches take turns.
    func batch(_ step: Int) -> Pair {
        let ids = hashed("ids.\(step % 4)", [batch, context]).scalars.map {
            Int32((($0 + 1) / 2 * Float(vocabulary)).rounded(.down))
        }
        let mask = [UInt8](repeating: 1, count: ids.count), shape = [batch, context]
        return Pair(
            image: hashed("images.\(step % 4)", [batch, side, side, 3]),
            text: Tokens(ids: Tensor(ids, shape: shape), mask: Tensor(mask, shape: shape)))
    }

    static let learningRate: Float = 3e-4

    /// A path in the script's model.
    static func scriptPath(_ path: String) -> String {
        path.replacingOccurrences(of: ".encoder.", with: ".").replacingOccurrences(
            of: ".projection.", with: "_projection.")
    }
}

import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

extension Recipe {
    /// The recipe's two towers with first values from its seed.
    func makeModel(vocabulary: Vocabulary) -> Contrastive<ImageTextBatch> {
        let image = ResNet(depth: model.image.depth, stem: model.image.stem == .cifar ? .cifar : .imageNet, width: model.image.width)
        let poolings: [ModelSettings.Pooling: TextTransformer.Pooling] = [.first: .first, .mean: .mean, .endOfText: .endOfText]
        let text = TextTransformer(
            vocabulary: vocabulary, width: model.text.width, depth: model.text.depth, heads: model.text.heads, context: model.text.context,
            causal: model.text.causal, pooling: poolings[model.text.pooling, default: .first], dropout: Float(model.text.dropout))
        let temperature = Float(objective.temperature)
        let loss = InfoNCE(
            temperature: objective.isTemperatureLearned ? .learned(initial: temperature) : .fixed(temperature),
            smoothing: Float(objective.labelSmoothing))
        var labels: (any KeyPath<ImageTextBatch, Tensor?> & Sendable)?
        if objective.positives == .equalTexts { labels = \ImageTextBatch.labels }
        let contrastive = Contrastive<ImageTextBatch>(
            Tower("image", \.image, image), Tower("text", \.text, text), dimension: model.dimension, loss: loss,
            labels: labels)
        contrastive.initialize(seed: seed)
        return contrastive
    }
}

extension Recipe {
    /// `emoji-clip` with masked words of the titles beside it: two objectives over one text tower.
    static let emojiHybrid = """
        seed: 0
        epochs: 30
        batch: 256
        \(emojiData)
        model:
          dimension: 256
          image: {encoder: resnet, depth: 18, stem: imagenet}
          text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
        objective: {name: contrastive, temperature: 0.07, learned: true, masked: {weight: 0.1, fraction: 0.15}}
        views: {size: 64, crop: shared, resize: 72, flip: true, normalization: clip}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0.1}
        schedule: {name: cosine, warmup_epochs: 2}
        checkpoint: {every: 120}
        """
}

extension Recipe {
    /// `emoji-clip` with two views of each image compared and words of the titles masked: SLIP's and FLAVA's sum.
    static let emojiSLIP = """
        seed: 0
        epochs: 20
        batch: 256
        \(emojiData)
        model:
          dimension: 256
          image: {encoder: resnet, depth: 18, width: 32, stem: imagenet}
          text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
        objective:
          name: sum
          parts:
            pairs: {name: contrastive, temperature: 0.07, learned: true}
            views: {name: simclr, temperature: 0.1, weight: 0.5}
            words: {name: masked, fraction: 0.15, weight: 0.1}
        views: {size: 64, crop: random_resized, scale: 0.5, jitter: 0.2, gray: 0.1, blur: 0, normalization: clip}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0.1}
        schedule: {name: cosine, warmup_epochs: 2}
        """
}

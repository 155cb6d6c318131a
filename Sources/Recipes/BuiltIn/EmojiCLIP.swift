extension Recipe {
    /// Where the images of Noto Emoji and their titles stand.
    static let emojiData = """
        data:
          kind: table
          path: emoji.tsv
          columns: {image: filepath, text: title}
          split: {column: filepath, modulo: 8, remainder: 0}
        tokenizer: vocab.txt
        """

    /// CLIP-style pretraining on 3543 emoji and their names: the model, split and schedule of `torch_emoji_clip.py`.
    static let emojiCLIP = """
        seed: 0
        epochs: 30
        batch: 256
        \(emojiData)
        model:
          dimension: 256
          image: {encoder: resnet, depth: 18, stem: imagenet}
          text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
        objective: {name: contrastive, temperature: 0.07, learned: true}
        views: {size: 64, crop: shared, resize: 72, flip: true, normalization: clip}
        optimizer: {name: adamw, learning_rate: 1e-3, weight_decay: 0.1}
        schedule: {name: cosine, warmup_epochs: 2}
        checkpoint: {every: 120}
        """
}

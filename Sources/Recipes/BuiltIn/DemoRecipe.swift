extension Recipe {
    /// The demo's own world of colored, sounding shapes.
    static let demo = """
        seed: 0
        epochs: 16
        batch: 128
        data:
          kind: table
          path: things.tsv
          columns: {image: filepath, text: title, audio: recording}
          labels: [color, shape]
          split: {column: title, modulo: 6, remainder: 0}
        tokenizer: english-wordpiece
        model:
          dimension: 128
          image: {encoder: resnet, depth: 18, width: 32}
          text: {encoder: transformer, width: 128, depth: 2, heads: 4, context: 16}
          audio: {encoder: log_mel, mels: 64, window: 256, hop: 80, standardize: false, channels: [128, 128, 128, \
        128], kernels: [3, 3, 3, 3], strides: [1, 2, 2, 2]}
        objective: {name: contrastive, temperature: 0.07, positives: equal_texts}
        views: {size: 64, crop: whole, flip: false, audio: {rate: 8000, seconds: 0.6}}
        optimizer: {name: adamw, learning_rate: 2e-3, weight_decay: 0.05}
        schedule: {name: cosine, warmup_epochs: 1}
        """
}

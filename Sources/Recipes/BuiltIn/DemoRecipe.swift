extension Recipe {
    /// The demo's own world of coloured shapes.
    static let demo = """
        seed: 0
        epochs: 16
        batch: 128
        data:
          kind: table
          path: pairs.tsv
          columns: {image: filepath, text: title}
          labels: [colour, shape]
          split: {column: title, modulo: 6, remainder: 0}
        tokenizer: english-wordpiece
        model:
          dimension: 128
          image: {encoder: resnet, depth: 18, width: 32}
          text: {encoder: transformer, width: 128, depth: 2, heads: 4, context: 16}
        objective: {name: contrastive, temperature: 0.07, positives: equal_texts}
        views: {size: 64, crop: whole, flip: false}
        optimizer: {name: adamw, learning_rate: 2e-3, weight_decay: 0.05}
        schedule: {name: cosine, warmup_epochs: 1}
        """
}

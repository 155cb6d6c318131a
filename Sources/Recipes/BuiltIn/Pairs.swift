extension Recipe {
    /// A starting point for a user's own images and captions: `pairs.tsv` with the columns `filepath` and `title`.
    ///
    /// Everything is at its default but what is written here; overrides such as `data.path=catalogue.csv` adapt it.
    static let pairs = """
        epochs: 30
        batch: 128
        data:
          kind: table
          path: pairs.tsv
          columns: {image: filepath, text: title}
        tokenizer: english-wordpiece
        model:
          image: {encoder: resnet, depth: 18}
          text: {encoder: transformer, width: 256, depth: 4}
        views: {size: 112, crop: random_resized, scale: 0.5}
        """
}

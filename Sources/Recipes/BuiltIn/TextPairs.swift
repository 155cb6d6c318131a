extension Recipe {
    /// Synopses and descriptions of Debian's packages, which find each other.
    private static let descriptions = """
        data:
          path: descriptions.tsv
          columns: {synopsis: {kind: text}, description: {kind: text}}
          labels: [section]
          split: {column: package, modulo: 8}
        tokenizer: vocab.txt
        objective: {name: contrastive, temperature: 0.05, learned: false, head: none}
        """

    /// Sentence embeddings from pairs by multiple negatives ranking, on the packages of Debian: a synopsis finds its
    /// description.
    /// - Source: Henderson et al. 2017, arXiv:1705.00652, section 4.4, with both directions; Reimers, Gurevych 2019,
    ///   arXiv:1908.10084 (one encoder for both sides, mean pooling).
    static let debianPairs = """
        epochs: 3
        batch: 128
        \(descriptions)
        model: {dimension: 256, text: {width: 256, depth: 4, heads: 4, context: 64, pooling: mean}}
        optimizer: {learning_rate: 5e-4, weight_decay: 0.01}
        schedule: {name: cosine, warmup_steps: 20}
        """

    /// The same pairs by a weighted mean of token embeddings: faster than the transformer, and nearer to the words.
    static let debianWords = """
        epochs: 4
        batch: 256
        \(descriptions)
        model: {dimension: 512, text: {encoder: average, width: 512, context: 128}}
        optimizer: {learning_rate: 3e-3, weight_decay: 0}
        schedule: {name: cosine, warmup_steps: 20}
        """

    /// The same with the package's name, at a temperature for few labels.
    private static let names = """
        data:
          path: descriptions.tsv
          quoting: none
          columns: {package: {kind: text}, synopsis: {kind: text}, description: {kind: text}}
          labels: [section]
          split: {column: package}
        tokenizer: vocab.txt
        objective: {temperature: 0.2, learned: false, head: none}
        """

    /// `debianWords` with the package's name as a third side of each pair, at a higher temperature: for few labels.
    static let debianNames = """
        epochs: 8
        batch: 256
        \(names)
        model: {dimension: 512, text: {encoder: average, width: 512, token_std: 0.1}}
        optimizer: {learning_rate: 1e-3, weight_decay: 0}
        schedule: {warmup_steps: 20}
        """

    /// `debian-names` by a transformer over the same table of tokens, which `--init` takes from a run of it:
    /// `concord train debian-context --init runs/debian-names --init-only '*token_embedding*'`.
    static let debianContext = """
        epochs: 4
        batch: 256
        \(names)
        model: {dimension: 512, text: {width: 512, depth: 1, heads: 8, pooling: mean, context: 64, token_std: 0.1}}
        optimizer: {learning_rate: 5e-4, weight_decay: 0}
        schedule: {warmup_steps: 20}
        """
}

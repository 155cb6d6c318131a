extension Recipe {
    /// BERT-style masked modelling of running text: the model and schedule of `torch_wikitext_mlm.py`.
    static let wikitextMLM = """
        seed: 0
        steps: 1500
        batch: 32
        data: {kind: text, path: valid.txt, held_out: test.txt}
        tokenizer: vocab.txt
        model:
          text:
            {encoder: transformer, width: 256, depth: 4, heads: 4, context: 128, pooling: mean, dropout: 0.1, \
        embedding_dropout: 0.1,
             attention_dropout: 0, activation_dropout: 0, token_std: 0.02}
        objective: {name: masked, fraction: 0.15}
        optimizer: {name: adamw, learning_rate: 1e-3, betas: [0.9, 0.98], weight_decay: 0.01, clip: 1}
        schedule: {name: linear, warmup_steps: 150}
        evaluate: {every: 250}
        """
}

extension Recipe {
    /// GPT-style prediction of the next token of running text.
    static let wikitextGPT = """
        seed: 0
        steps: 600
        batch: 32
        data: {kind: text, path: valid.txt, held_out: test.txt}
        tokenizer: vocab.txt
        model:
          text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 128, causal: true, dropout: 0.1, \
        token_std: 0.02}
        objective: {name: next_token}
        optimizer: {name: adamw, learning_rate: 1e-3, betas: [0.9, 0.95], weight_decay: 0.1, clip: 1}
        schedule: {name: cosine, warmup_steps: 60}
        evaluate: {every: 150}
        """
}

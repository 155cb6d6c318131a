struct Sample: Sendable { let pair: Pair; let text: Tokens }
let clip: Contrastive<Pair> = any(), mlm: MaskedLanguageModel = any()

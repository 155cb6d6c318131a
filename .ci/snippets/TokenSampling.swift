let model: CausalLanguageModel = any(), ids: [Int32] = any()

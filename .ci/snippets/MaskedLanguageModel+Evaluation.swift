let mlm: MaskedLanguageModel = any()

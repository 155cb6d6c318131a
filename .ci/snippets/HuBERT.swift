let context: TransformerContext = any()

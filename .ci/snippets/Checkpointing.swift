let block: TransformerBlock = any(), checkpointing = true

let embeddings: Tensor = any()

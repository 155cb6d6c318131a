let tokens: Tensor = any()

let queries: Tensor = any(), bank: Tensor = any()

let normal: Tensor = any(), queries: Tensor = any()

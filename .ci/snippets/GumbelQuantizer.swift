let features: Tensor = any(), noise: Tensor = any()

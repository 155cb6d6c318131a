let predictions: Tensor = any(), next: Tensor = any(), drawn: Tensor = any()

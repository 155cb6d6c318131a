let cosines: Tensor = any()

let states: Tensor = any()

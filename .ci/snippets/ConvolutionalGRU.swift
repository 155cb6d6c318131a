let maps: Tensor = any()

let z: Tensor = any()

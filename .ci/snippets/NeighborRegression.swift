let training: Tensor = any(), test: Tensor = any(), ages: [Double] = any()

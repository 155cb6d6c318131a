let training: Tensor = any(), test: Tensor = any(), labels: [Int] = any()

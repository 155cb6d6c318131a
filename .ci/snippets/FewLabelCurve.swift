let training: Tensor = any(), test: Tensor = any(), labels: [Int] = any(), truth: [Int] = any(), names: [String] = any()

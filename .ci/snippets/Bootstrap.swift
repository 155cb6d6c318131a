let predicted: [Int] = any(), truth: [Int] = any()

let batch = [1, 2, 3]

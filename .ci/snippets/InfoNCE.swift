let texts: Tensor = any(), first: Tensor = any(), second: Tensor = any()

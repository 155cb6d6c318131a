let crops: Tensor = any(), others: Tensor = any(), small: Tensor = any()

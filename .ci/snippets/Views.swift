let crops: Tensor = any(), others: Tensor = any()

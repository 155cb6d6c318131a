let objective: Regression = any(), batch: Points = any()

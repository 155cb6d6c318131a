let objective: Regression = any(), batch: Points = any(), layer: Linear = any()

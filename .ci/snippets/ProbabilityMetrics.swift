let probe: LinearProbe = any(), queries: Tensor = any(), labels: [Int] = any()

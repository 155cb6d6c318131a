let probe: LinearProbe = any(), heldOut: Tensor = any(), queries: Tensor = any(), labels: [Int] = any()

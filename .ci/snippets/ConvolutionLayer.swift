let conv: Conv2d = any(), bn: BatchNorm = any()

let conv: Conv2d = any(), norm: BatchNorm = any()

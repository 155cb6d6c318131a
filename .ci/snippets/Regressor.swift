let encoder: ResNet = any(), years: [Float] = any()

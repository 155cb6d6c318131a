let encoder: ResNet = any()

let encoder: ResNet = any(), images: Tensor = any(), labels: Tensor = any()

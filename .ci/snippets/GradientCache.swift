let encoder: ResNet = any(), infoNCE: InfoNCE = any(), targets: Tensor = any()

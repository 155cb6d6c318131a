let encoder: VisionTransformer = any(), images: Tensor = any()

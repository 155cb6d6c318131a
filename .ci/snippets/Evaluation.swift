let encoder: ResNet = any()
let objective: any Objective<MultimodalBatch> = any()
func spread(_ embeddings: Tensor) -> Double { any() }

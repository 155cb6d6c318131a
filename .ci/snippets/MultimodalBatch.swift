let batch: MultimodalBatch = any()

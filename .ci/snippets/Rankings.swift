let imageEmbeddings: Tensor = any(), textEmbeddings: Tensor = any()

let imageEmbeddings: Tensor = any(), textEmbeddings: Tensor = any(), texts: Tensor = any()

let image: Tower<Pair> = any(), text: Tower<Pair> = any()

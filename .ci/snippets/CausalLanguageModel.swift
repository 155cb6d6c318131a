let tokens: Tokens = any()

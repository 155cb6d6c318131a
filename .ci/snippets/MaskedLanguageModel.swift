let texts: [String] = any()

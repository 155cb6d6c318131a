let answers: [(image: Image, caption: String, isRight: Bool)] = any()

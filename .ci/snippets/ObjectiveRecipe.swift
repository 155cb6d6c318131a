func rotationTask(_ parts: RecipeParts, _ angles: Int) throws -> TrainingTask { any() }

public import ConcordLayers

extension Module {
    /// Freezes the parameters whose path fits one of the patterns: they get no gradient and no update.
    ///
    /// Statistics of batch normalisation are buffers and go on moving in training mode.
    /// - Returns: the frozen paths.
    /// - Throws: `TrainingError.noMatch` for a pattern that fits nothing.
    @discardableResult
    public func freeze(matching patterns: [PathPattern]) throws -> [String] {
        let parameters = ParameterWalk(self).parameters
        for pattern in patterns where !parameters.contains(where: { pattern.matches($0.path) }) {
            throw TrainingError.noMatch(pattern, purpose: "what to freeze", paths: parameters.map(\.path))
        }
        let chosen = parameters.filter { path, _ in patterns.contains { $0.matches(path) } }
        for (_, parameter) in chosen { parameter.isFrozen = true }
        return chosen.map(\.path)
    }
}

public import ConcordLayers

extension Module {
    /// Freezes the parameters whose path matches one of the patterns: they get no gradient and no update.
    ///
    /// Statistics of batch normalization are buffers and are still updated in training mode.
    /// - Returns: the frozen paths.
    /// - Throws: `TrainingError.noMatch` for a pattern that matches nothing.
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

    /// A line that names the first few parameters which are not trained, nil where all are.
    /// - Throws: `TrainingError.nothingToTrain` where none is.
    package func frozenParameters() throws -> String? {
        let parameters = ParameterWalk(self).parameters, frozen = parameters.filter(\.parameter.isFrozen).map(\.path)
        guard frozen.count < parameters.count else { throw TrainingError.nothingToTrain(count: parameters.count) }
        guard !frozen.isEmpty else { return nil }
        let named = frozen.prefix(3).joined(separator: ", ") + (frozen.count > 3 ? " and \(frozen.count - 3) more" : "")
        return "frozen: \(named) (\(frozen.count) of \(parameters.count) parameters)"
    }
}

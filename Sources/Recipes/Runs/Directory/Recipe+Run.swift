extension Recipe {
    /// A recipe by the name of a built-in one, from a file, or from a run directory.
    /// - Parameters:
    ///   - name: of any of them.
    ///   - overrides: `key.path=value`.
    /// - Throws: `RecipeError`, naming the file, the line and the key.
    public init(of name: String, overrides: [String] = []) throws {
        let run = RunDirectory(name)
        try self.init(named: run.isRun ? run.recipe : name, overrides: overrides)
    }
}

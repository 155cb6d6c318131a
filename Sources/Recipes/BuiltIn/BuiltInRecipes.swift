extension Recipe {
    /// The recipes that come with Concord, by name.
    public static let builtIn: [(name: String, yaml: String)] = [
        ("emoji-clip", emojiCLIP), ("emoji-hybrid", emojiHybrid), ("digits-audio-text", digitsAudioText), ("digits-cpc", digitsCPC),
        ("digits-frames", digitsFrames), ("wikitext-mlm", wikitextMLM), ("pairs", pairs), ("demo", demo),
    ]

    /// A recipe by the name of a built-in one, or from a file.
    ///
    /// - Parameter overrides: `key.path=value`.
    /// - Throws: `RecipeError`, naming the file, the line and the key.
    public init(named name: String, overrides: [String] = []) throws {
        if let known = Self.builtIn.first(where: { $0.name == name }) {
            try self.init(yaml: known.yaml, source: name, overrides: overrides)
            return
        }
        guard let text = try TextFile.read(name) else {
            throw RecipeError.unknownRecipe(name: name, known: Self.builtIn.map(\.name))
        }
        try self.init(yaml: text, source: name, overrides: overrides)
    }
}

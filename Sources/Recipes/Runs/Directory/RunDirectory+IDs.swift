import FoundationEssentials

extension RunDirectory {
    /// Writes the ids of each input of ids; nothing where there is none.
    func write(_ ids: [RecipeInput: IDVocabulary]) throws {
        guard !ids.isEmpty else { return }
        try Self.makeFolder(path + "/ids")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for (input, known) in ids {
            let json = try encoder.encode(known)
            try TextFile.write(String(decoding: json, as: UTF8.self) + "\n", to: self.ids(input))
        }
    }

    /// The ids of each input of ids of the run's recipe.
    /// - Throws: `RecipeError` that names the file.
    func loadIDs(_ recipe: Recipe) throws -> [RecipeInput: IDVocabulary] {
        var result: [RecipeInput: IDVocabulary] = [:]
        for input in recipe.objective.needs.inputs where input.kind == .id {
            let file = ids(input)
            guard let text = try TextFile.read(file) else {
                throw RecipeError.unreadable(path: file, reason: "it is not there: no row of the table has an id")
            }
            do { result[input] = try JSONDecoder().decode(IDVocabulary.self, from: Data(text.utf8)) } catch {
                throw RecipeError.unreadable(path: file, reason: "not the ids that a training run writes")
            }
        }
        return result
    }

    /// Going on with other ids would give the rows of the table to others.
    /// - Throws: `RecipeError` with the first input that has others.
    func requireSame(_ ids: [RecipeInput: IDVocabulary], _ recipe: Recipe) throws {
        let saved = try loadIDs(recipe)
        for (input, known) in ids.sorted(by: { $0.key.name < $1.key.name }) where saved[input]?.ids != known.ids {
            throw RecipeError.otherData(
                run: path, difference: "the ids of \(input) are others than when the run was started")
        }
    }
}

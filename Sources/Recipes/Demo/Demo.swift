import ConcordDatasets
public import ConcordTraining
#if canImport(Glibc)
    import Glibc
#endif

/// Concord in a few minutes: makes a small world of pictures and captions, trains an image and a text tower on it, evaluates them on
/// combinations never seen, and searches by sentence and by picture.
///
/// Leaves in its directory `data/` (pictures, `pairs.tsv`), `run/` (a run directory), `heldout.safetensors` (an index of the held-out
/// pictures) and `contact-sheet.jpg` (queries and answers).
public struct Demo {
    private let directory: String
    private let overrides: [String]

    /// - Parameter overrides: `key.path=value` for the demo's recipe.
    public init(directory: String, overrides: [String] = []) {
        self.directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.overrides = overrides
    }

    /// Runs it, or what of it an earlier call did not finish.
    public func run() throws -> TrainingEnd {
        let recipe = try Recipe(named: "demo", overrides: overrides)
        guard let split = recipe.data.split else { throw RecipeError.data(message: "the demo's recipe must hold something out: data.split") }
        let data = try DemoData(folder: directory + "/data", split: split)
        print("\(data.trainingPictures) pictures with captions to train on in \(data.folder); \(data.heldOut) combinations held out")
        let runPath = directory + "/run"
        let outcome = try TrainingSession(
            recipe: "demo", overrides: overrides, data: data.folder, directory: runPath, isResumed: RunDirectory(runPath).isRun
        ).run()
        guard outcome == .finished else { return outcome }
        let run = try Run(runPath)
        try search(run, data: data.folder)
        return outcome
    }

    private func search(_ run: Run, data: String) throws {
        let table = try PairTable(run.recipe.data, root: data)
        let rows = Array(table.heldOut)
        let captions = Dictionary(rows.map { ($0.path("filepath"), $0["title"]) }, uniquingKeysWith: { first, _ in first })
        let index = try run.index(images: rows.map { $0.path("filepath") })
        let indexPath = directory + "/heldout.safetensors"
        try index.write(to: indexPath)
        var sheet = ContactSheet(columns: 5, cell: 96)

        print("\nSearch by sentence among \(index.names.count) pictures of combinations never seen in training:")
        for row in Self.spread(rows, count: 4) {
            let query = row["title"]
            let hits = try index.search(run.embed(texts: [query]), count: 5)
            print("\n  \"\(query)\"")
            try list(hits, captions, wanted: query)
            try sheet.addRow(label: query, images: hits.map { hit in
                (try Image(contentsOf: hit.name), captions[hit.name] ?? "", captions[hit.name] == query)
            })
        }
        print("\nSearch by picture:")
        for row in Self.spread(rows, count: 2, offset: 7) {
            let path = row.path("filepath"), wanted = row["title"]
            let hits = try index.search(run.embed(images: [path]), count: 6).filter { $0.name != path }.prefix(5)
            print("\n  a picture of \(wanted)")
            try list(Array(hits), captions, wanted: wanted)
            let answers = try hits.prefix(4).map { hit in (try Image(contentsOf: hit.name), captions[hit.name] ?? "", false) }
            sheet.addRow(label: "picture: " + wanted, images: [(try Image(contentsOf: path), "query", true)] + answers)
        }
        let sheetPath = directory + "/contact-sheet.jpg"
        try sheet.image.write(jpeg: sheetPath)
        print(
            """

            Queries and answers as a picture: \(sheetPath)
            Search on:
              concord search \(directory)/run --index \(indexPath) --text "a large green ring on the left"
            """)
    }

    private func list(_ hits: [EmbeddingIndex.Hit], _ captions: [String: String], wanted: String) throws {
        for hit in hits {
            let caption = captions[hit.name] ?? hit.name
            let digits = String(Int((hit.similarity * 1000).rounded()))
            let number = hit.similarity >= 0.9995 ? "1.000" : "0." + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            print("    \(number)  \(caption)\(caption == wanted ? "  <- it" : "")")
        }
    }

    /// Some rows, spread over all of them.
    private static func spread(_ rows: [Row], count: Int, offset: Int = 0) -> [Row] {
        (0..<count).map { rows[(($0 * 2 + 1) * rows.count / (2 * count) + offset) % rows.count] }
    }
}

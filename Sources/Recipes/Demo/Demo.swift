import ConcordDatasets
import ConcordFiles
import ConcordTensors
public import ConcordTraining
#if canImport(Glibc)
    import Glibc
#endif

/// Concord in a few minutes: makes a small world of images, sounds and captions, trains a tower for each on it,
/// evaluates them on combinations never seen, and searches by sentence, by image and by sound.
///
/// Leaves in its directory `data/` (images, sounds, `things.tsv`), `run/` (a run directory), `images.safetensors`
/// and `sounds.safetensors` (indexes of the held-out things) and `contact-sheet.jpg` (queries and answers).
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
        guard let split = recipe.data.split else {
            throw RecipeError.data(message: "the demo's recipe must hold something out: data.split")
        }
        let data = try DemoData(folder: directory + "/data", split: split)
        print(
            """
                \(data.trainingSamples) things to train on in \(data.folder), an image, a sound and a caption each; \
                \(data.heldOut) combinations held out
                """
        )
        let runPath = directory + "/run"
        let outcome = try TrainingSession(
            recipe: "demo", overrides: overrides, data: data.folder, directory: runPath,
            isResumed: RunDirectory(runPath).isRun
        ).run()
        if case .interrupted = outcome { return outcome }
        try search(try Run(runPath), data: data.folder)
        return outcome
    }

    /// A held-out thing's files and caption.
    private struct Thing {
        let image, sound, caption: String
    }

    private func search(_ run: Run, data: String) throws {
        let table = try SampleTable(run.recipe.data, root: data)
        let things = table.heldOut.map { row in
            Thing(image: row.path("filepath"), sound: row.path("recording"), caption: row["title"])
        }
        let images = try run.index(images: things.map(\.image)), sounds = try run.index(audio: things.map(\.sound))
        try images.write(to: directory + "/images.safetensors")
        try sounds.write(to: directory + "/sounds.safetensors")
        let byFile = Dictionary(
            things.flatMap { [($0.image, $0), ($0.sound, $0)] }, uniquingKeysWith: { first, _ in first })
        var sheet = ContactSheet(columns: 6, cell: 96)

        /// Prints the answers to a query, and puts it and them on the sheet: images as they are, sounds as
        /// spectrograms.
        func show(
            _ title: String, _ query: Tensor, of file: String? = nil, in index: EmbeddingIndex, wanted: Thing
        ) throws {
            let hits = try index.search(query, count: 6).filter { $0.name != file }.prefix(5)
            print("\n  \(title)")
            for hit in hits {
                let caption = byFile[hit.name]?.caption ?? hit.name
                print(
                    "    \(NumberText.fixed(hit.similarity, decimals: 3))  \(caption)\(caption == wanted.caption ? "  <- it" : "")")
            }
            let asked = try file.map { [(try Self.image(of: $0), "the query", false)] } ?? []
            let answers = try hits.map { hit in
                let caption = byFile[hit.name]?.caption ?? ""
                return (try Self.image(of: hit.name), caption, caption == wanted.caption)
            }
            sheet.addRow(label: title, images: asked + answers)
        }

        print(
            """
                \nSearch among \(things.count) combinations never seen in training. By sentence, in images and in \
                sounds:
                """
        )
        for thing in Self.spread(things, count: 3) {
            try show("images of \"\(thing.caption)\"", run.embed(texts: [thing.caption]), in: images, wanted: thing)
        }
        for thing in Self.spread(things, count: 1, offset: 31) {
            try show("sounds of \"\(thing.caption)\"", run.embed(texts: [thing.caption]), in: sounds, wanted: thing)
        }
        print("\nBy image, in sounds:")
        for thing in Self.spread(things, count: 2, offset: 7) {
            try show(
                "sounds for an image of \(thing.caption)", run.embed(images: [thing.image]), of: thing.image,
                in: sounds, wanted: thing
            )
        }
        print("\nBy sound, in images:")
        for thing in Self.spread(things, count: 2, offset: 19) {
            try show(
                "images for the sound of \(thing.caption)", run.embed(audio: [thing.sound]), of: thing.sound,
                in: images, wanted: thing)
        }
        print("\nBy image, in images, itself left out:")
        for thing in Self.spread(things, count: 1, offset: 43) {
            try show(
                "images like one of \(thing.caption)", run.embed(images: [thing.image]), of: thing.image,
                in: images, wanted: thing)
        }
        let sheetPath = directory + "/contact-sheet.jpg"
        try sheet.image.write(jpeg: sheetPath)
        print(
            """

            Queries and answers as an image: \(sheetPath)
            Search on:
              concord search \(directory)/run --index \(directory)/images.safetensors --text "a large green ring on \
              the left"
              concord search \(directory)/run --index \(directory)/images.safetensors --audio \
              \(things.first?.sound ?? "")
            """)
    }

    /// An image file, or a sound file's spectrogram.
    private static func image(of file: String) throws -> Image {
        file.hasSuffix(".wav") ? Image(spectrogramOf: try Audio(contentsOf: file)) : try Image(contentsOf: file)
    }

    /// Some of the things, spread over all of them.
    private static func spread(_ things: [Thing], count: Int, offset: Int = 0) -> [Thing] {
        (0..<count).map { things[(($0 * 2 + 1) * things.count / (2 * count) + offset) % things.count] }
    }
}

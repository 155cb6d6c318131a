public import Concord

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

    /// The directory of the run that it trains.
    public var runDirectory: String { directory + "/run" }

    /// Runs it, or what of it an earlier call did not finish.
    /// - Parameters:
    ///   - progress: how the trainer shows its steps.
    ///   - report: is called with what happens, as it happens.
    public func run(
        progress: ProgressMeter.Style = .automatic, report: (DemoEvent) -> Void
    ) throws -> TrainingEnd {
        let recipe = try Recipe(named: "demo", overrides: overrides)
        guard let split = recipe.data.split else {
            throw RecipeError.data(message: "the demo's recipe must hold something out: data.split")
        }
        let data = try DemoData(folder: directory + "/data", split: split)
        report(.data(folder: data.folder, trainingSamples: data.trainingSamples, heldOut: data.heldOut))
        let outcome = try TrainingSession(
            recipe: "demo", overrides: overrides, data: data.folder, directory: runDirectory,
            isResumed: RunDirectory(runDirectory).isRun
        ).run(progress: progress) { report(.training($0)) }
        if case .interrupted = outcome { return outcome }
        try search(try Run(runDirectory), data.heldOutThings(of: split), report)
        return outcome
    }

    private func search(_ run: Run, _ things: [DemoThing], _ report: (DemoEvent) -> Void) throws {
        let images = try run.index(images: things.map(\.image)), sounds = try run.index(audio: things.map(\.sound))
        try images.write(to: directory + "/images.safetensors")
        try sounds.write(to: directory + "/sounds.safetensors")
        let byFile = Dictionary(
            things.flatMap { [($0.image, $0), ($0.sound, $0)] }, uniquingKeysWith: { first, _ in first })
        var sheet = ContactSheet(columns: 6, cell: 96)

        /// Reports the answers to a query, and puts it and them on the sheet: images as they are, sounds as
        /// spectrograms.
        func show(
            _ title: String, _ query: Tensor, of file: String? = nil, in index: EmbeddingIndex, wanted: DemoThing
        ) throws {
            let hits = try index.search(query, count: 6).filter { $0.name != file }.prefix(5)
            let answers = hits.map { hit in
                let caption = byFile[hit.name]?.caption
                return DemoAnswer(
                    file: hit.name, caption: caption ?? "", similarity: hit.similarity,
                    isCorrect: caption == wanted.caption)
            }
            report(.answers(query: title, answers))
            let asked = try file.map { [(try Self.image(of: $0), "the query", false)] } ?? []
            let found = try answers.map { (try Self.image(of: $0.file), $0.caption, $0.isCorrect) }
            sheet.addRow(label: title, images: asked + found)
        }

        report(.search(candidates: things.count))
        for thing in Self.spread(things, count: 3) {
            try show("images of \"\(thing.caption)\"", run.embed(texts: [thing.caption]), in: images, wanted: thing)
        }
        for thing in Self.spread(things, count: 1, offset: 31) {
            try show("sounds of \"\(thing.caption)\"", run.embed(texts: [thing.caption]), in: sounds, wanted: thing)
        }
        report(.queries(.imagesInSounds))
        for thing in Self.spread(things, count: 2, offset: 7) {
            try show(
                "sounds for an image of \(thing.caption)", run.embed(images: [thing.image]), of: thing.image,
                in: sounds, wanted: thing)
        }
        report(.queries(.soundsInImages))
        for thing in Self.spread(things, count: 2, offset: 19) {
            try show(
                "images for the sound of \(thing.caption)", run.embed(audio: [thing.sound]), of: thing.sound,
                in: images, wanted: thing)
        }
        report(.queries(.imagesInImages))
        for thing in Self.spread(things, count: 1, offset: 43) {
            try show(
                "images like one of \(thing.caption)", run.embed(images: [thing.image]), of: thing.image,
                in: images, wanted: thing)
        }
        let sheetPath = directory + "/contact-sheet.jpg"
        try sheet.image.write(jpeg: sheetPath)
        report(.finished(contactSheet: sheetPath, directory: directory, sound: things.first?.sound ?? ""))
    }

    /// An image file, or a sound file's spectrogram.
    private static func image(of file: String) throws -> Image {
        file.hasSuffix(".wav") ? Image(spectrogramOf: try Audio(contentsOf: file)) : try Image(contentsOf: file)
    }

    /// Some of the things, spread over all of them.
    private static func spread(_ things: [DemoThing], count: Int, offset: Int = 0) -> [DemoThing] {
        (0..<count).map { things[(($0 * 2 + 1) * things.count / (2 * count) + offset) % things.count] }
    }
}

/// What happens in a ``Demo``.
public enum DemoEvent: Sendable {
    /// The data are written.
    case data(folder: String, trainingSamples: Int, heldOut: Int)
    case training(TrainingEvent)
    /// The search among the held-out things begins: by sentence, in images and in sounds.
    case search(candidates: Int)
    /// Further queries, by file.
    case queries(Queries)
    /// The nearest to a query, nearest first.
    case answers(query: String, [DemoAnswer])
    /// All is done; `sound` is the file of a held-out thing.
    case finished(contactSheet: String, directory: String, sound: String)

    /// What is looked for with what.
    public enum Queries: Sendable { case imagesInSounds, soundsInImages, imagesInImages }
}

/// A file that was found.
public struct DemoAnswer: Sendable, Encodable {
    public let file, caption: String
    /// Cosine, from -1 to 1.
    public let similarity: Float
    /// Whether it is of the thing that was looked for.
    public let isCorrect: Bool

    enum CodingKeys: String, CodingKey {
        case file, caption, similarity
        case isCorrect = "correct"
    }
}

/// A held-out thing's files and caption.
struct DemoThing {
    let image, sound, caption: String
}

package import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordTensors
package import ConcordTokenizers

/// What a recipe trains on and is evaluated on.
enum TrainingData: Sendable {
    /// Rows of a table, each a sample of its own, and which are each other's positives; nil where no contrastive
    /// objective asks.
    case samples(SampleTable, Positives?)
    /// Clips joined to streams, cut into windows.
    case streams(SampleTable, AudioStreams)
    /// Running text, cut into blocks.
    case blocks(train: TextBlocks, heldOut: TextBlocks?)

    /// - Parameter data: the directory that the recipe's data paths start from.
    init(_ recipe: Recipe, data: String, tokenizer: (any Tokenizer)?) throws {
        try Recipe.requireDirectory(data)
        self = try recipe.data.kind == .text ? Self.text(recipe, data, tokenizer) : Self.rows(recipe, data)
    }

    /// Running text.
    private static func text(_ recipe: Recipe, _ data: String, _ tokenizer: (any Tokenizer)?) throws -> TrainingData {
        guard let tokenizer, let context = recipe.model.context else {
            throw RecipeError.data(message: "running text wants an objective over text")
        }
        let heldOut = recipe.data.heldOutTexts.isEmpty ? nil : try TextFiles(recipe.data.heldOutTexts, root: data)
        let files = try recipe.trainingTexts(root: data)
        func blocks(_ files: TextFiles) throws -> TextBlocks {
            try TextBlocks(
                files.paths, tokenizer: tokenizer, length: context,
                form: recipe.data.hasTextLines ? .lines : .running)
        }
        return .blocks(train: try blocks(files), heldOut: try heldOut.map(blocks))
    }

    /// A table's rows, or the streams that they make.
    private static func rows(_ recipe: Recipe, _ data: String) throws -> TrainingData {
        let table = try SampleTable(recipe.data, root: data).labeled(for: recipe).subset().validated(for: recipe)
        try table.exclusion?.requireKnownNames()
        try table.requireTrainingRows()
        let needs = recipe.objective.needs
        guard recipe.batch >= needs.smallestBatch else {
            throw RecipeError.data(
                message:
                    "batch: \(recipe.batch) leaves objective \(recipe.objective.name) nothing to tell a sample from, "
                    + "and its loss is the same for ever; give batch \(needs.smallestBatch) or more")
        }
        return try samples(of: table, recipe)
    }

    /// A table's rows as the objective takes them.
    static func samples(of table: SampleTable, _ recipe: Recipe) throws -> TrainingData {
        let needs = recipe.objective.needs
        guard needs.unit == .windows, let views = recipe.views.audio else {
            return .samples(table, needs.positives.map { Positives(table, $0) })
        }
        switch streams(of: table, recipe, views) {
        case .success(let streams): return .streams(table, streams)
        case .failure(.noWindows(let window, let rate, let longest, let streams)):
            let fault = DatasetError.noWindows(window: window, rate: rate, longest: longest, streams: streams)
            throw RecipeError.data(message: "views.audio.seconds or data.group: \(fault)")
        case .failure(let fault): throw fault
        }
    }

    private static func streams(
        of table: SampleTable, _ recipe: Recipe, _ views: AudioViewSettings
    ) -> Result<AudioStreams, DatasetError> {
        let input = recipe.objective.needs.inputs.first { $0.kind == .audio } ?? .audio
        let segments = recipe.data.segments[input], column = table.column(input)
        return Result { () throws(DatasetError) in
            try AudioStreams(
                table.train, path: column, stream: recipe.data.group, start: segments?.start, end: segments?.end,
                window: views.length, rate: views.rate, badLimit: recipe.data.badFraction,
                cacheLimit: recipe.data.cacheMebibytes << 20)
        }
    }

    /// The rows to evaluate on, without anything that only training reads.
    static func evaluated(
        _ recipe: Recipe, data: String, tokenizer: (any Tokenizer)?, choice: RowChoice
    ) throws -> TrainingData {
        guard recipe.data.kind != .text else { return try TrainingData(recipe, data: data, tokenizer: tokenizer) }
        try Recipe.requireDirectory(data)
        return .samples(try SampleTable(recipe.data, root: data, choice: choice), nil)
    }

    /// The embeddings of the recipe's teacher; nil where it has none.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - saved: the index that a run has of them already.
    func teacher(_ recipe: Recipe, data: String, saved: EmbeddingIndex? = nil) throws -> TeacherEmbeddings? {
        guard let wanted = recipe.objective.needs.teacher, let table else { return nil }
        guard !wanted.path.isEmpty else {
            throw RecipeError.data(message: "\(wanted.key): a run directory or an index of its embeddings wanted")
        }
        let teacher =
            try saved.map { try TeacherEmbeddings($0, of: wanted, for: table, root: data, named: wanted.path) }
            ?? TeacherEmbeddings(wanted, of: table, root: data)
        guard teacher.dimension == recipe.model.dimension else {
            throw RecipeError.data(
                message: "model.dimension: the teacher's embeddings have \(teacher.dimension) numbers, and the shared "
                    + "space \(recipe.model.dimension); set it to \(teacher.dimension)")
        }
        return teacher
    }

    /// The same with a fraction of the rows or blocks, to measure what an evaluation takes.
    func thinned(to fraction: Double) -> TrainingData {
        func part(_ blocks: TextBlocks) -> TextBlocks {
            blocks.leading(max(1, Int((fraction * Double(blocks.count)).rounded(.up))))
        }
        switch self {
        case .samples(let table, let positives): return .samples(table.thinned(to: fraction), positives)
        case .streams(let table, let streams): return .streams(table.thinned(to: fraction), streams)
        case .blocks(let train, let heldOut): return .blocks(train: part(train), heldOut: heldOut.map(part))
        }
    }

    /// Rows or blocks, held-out ones included.
    var rowCount: Int {
        switch self {
        case .samples(let table, _), .streams(let table, _): table.train.count + table.heldOut.count
        case .blocks(let train, let heldOut): train.count + (heldOut?.count ?? 0)
        }
    }

    /// The rows, where there are any.
    var table: SampleTable? {
        switch self {
        case .samples(let table, _), .streams(let table, _): table
        case .blocks: nil
        }
    }

    /// What there is to train on, for people.
    var description: String {
        switch self {
        case .samples(let table, _):
            "\(Counted.text(table.train.count, table.settings.inputs == [.video] ? "video" : "sample")) to train on, "
                + "\(table.heldOut.count) held out"
        case .streams(let table, let streams):
            "\(Counted.text(table.train.count, "clip")) to train on in \(Counted.text(streams.names.count, "stream")), "
                + "\(table.heldOut.count) held out"
        case .blocks(let train, let heldOut):
            "\(Counted.text(train.tokenCount, "token")) to train on"
                + (heldOut.map { ", \($0.tokenCount) held out" } ?? "")
        }
    }

    /// What a user could believe of these data and is not so, a sentence each: how rows were held out, repeated files
    /// and texts.
    func notices(_ recipe: Recipe) -> [String] {
        guard let table else { return [] }
        let audio = [recipe.emptyBandNotice, shortClipNotice(recipe)].compactMap { $0 }
        return audio + notices(recipe, table) + [table.exclusion?.notice].compactMap { $0 }
    }

    /// How many clips do not fill a window; streams are joined, and say so themselves.
    private func shortClipNotice(_ recipe: Recipe) -> String? {
        guard case .samples(let table, _) = self, let views = recipe.views.audio else { return nil }
        return ShortClips(table, views).notice
    }

    private func notices(_ recipe: Recipe, _ table: SampleTable) -> [String] {
        choices(recipe, table) + splitNotices(recipe, table)
    }

    /// Which of the training rows are trained on.
    private func choices(_ recipe: Recipe, _ table: SampleTable) -> [String] {
        var result: [String] = []
        if let all = table.subsetOf, let subset = recipe.data.subset {
            result.append(
                "\(table.train.count) of \(all) training rows are trained on (data.subset: "
                    + "\(subset), draw \(subset.draw))")
        }
        if !table.shortClasses.isEmpty {
            result.append(
                "fewer rows than asked for of \(table.shortClasses.count) \(table.shortClasses.count == 1 ? "class" : "classes"): "
                    + table.shortClasses.prefix(5).joined(separator: ", ")
                    + (table.shortClasses.count > 5 ? ", …" : ""))
        }
        if let count = table.validation?.count {
            result.append("\(Counted.text(count, "training row")) kept from training to validate on (data.validation)")
        }
        guard table.unlabeledCount > 0, let column = recipe.objective.needs.label ?? recipe.objective.needs.target else {
            return result
        }
        return result + [
            "\(Counted.text(table.unlabeledCount, "training row")) \(table.unlabeledCount == 1 ? "has" : "have") nothing in "
                + "column \"\(column)\", and \(table.unlabeledCount == 1 ? "is" : "are") not trained on"
        ]
    }

    private func splitNotices(_ recipe: Recipe, _ table: SampleTable) -> [String] {
        guard recipe.data.split != nil || recipe.data.heldOut != nil else {
            let positives = if case .samples(_, let positives?) = self { positives.notices } else { [String]() }
            return ["held out: none (data.split: none); the run is evaluated on the rows it is trained on"] + positives
        }
        var result = ["held out: \(table.rule.evaluated.description)"]
        if recipe.data.isSplitDefault {
            result[0] +=
                """
                    ; this is the default (data.split); `data.split: none` trains on all rows, data.held_out names a \
                    table of its own
                    """
        }
        if table.nestedCount > 0 {
            result.append(
                "\(Counted.text(table.nestedCount, "file")) of data.path \(table.nestedCount == 1 ? "is" : "are") in "
                    + "the held-out folder, "
                    + "and not trained on")
        }
        let shared = table.heldOutRowsOfTrainedFiles
        if table.isSplit, shared > 0 {
            result.append(
                "\(shared) of \(Counted.text(table.heldOut.count, "held-out row")) \(shared == 1 ? "names" : "name") a "
                    + "file that is also "
                    + """
                        trained on: held-out results will look better than they are (split by the file's column keeps \
                        a file in one part)
                        """
            )
        }
        if case .samples(_, let positives?) = self { result += positives.notices }
        return result
    }

    /// - Parameters:
    ///   - teacher: whose embeddings are learned; nil where the objective asks for none.
    ///   - size: samples of a batch; the recipe's where nil.
    func batches(
        _ recipe: Recipe, tokenizer: (any Tokenizer)?, teacher: TeacherEmbeddings? = nil, size: Int? = nil
    ) throws -> Batches<MultimodalBatch> {
        switch self {
        case .samples(let table, let positives):
            return try SampleLoading(recipe, tokenizer: tokenizer, teacher: teacher).batches(
                of: table, positives: positives, size: size)
        case .streams(_, let streams):
            let input = recipe.objective.needs.inputs.first { $0.kind == .audio } ?? .audio
            return batches(of: streams.numberedSamples, recipe, size) { windows in
                var batch = MultimodalBatch()
                let waveform = Waveform(windows.map(\.samples), rate: streams.rate)
                batch[audio: input.name] = Available(waveform, count: waveform.count)
                batch.labels = Tensor(windows.map { Int32(clamping: $0.stream) }, shape: [windows.count])
                return batch
            }
        case .blocks(let train, _):
            return batches(of: train.samples, recipe, size) { blocks in
                var batch = MultimodalBatch()
                batch.text = Available(train.tokens(blocks), count: blocks.count)
                return batch
            }
        }
    }

    /// - Throws: `RecipeError` with the keys to change where the samples do not fill one batch.
    func requireBatch(_ batches: Batches<MultimodalBatch>, _ recipe: Recipe) throws {
        do throws(DatasetError) { try batches.validate() } catch {
            guard case .tooFewSamples(let count, let batch) = error, count > 0 else { throw error }
            var message = "batch: \(batch) is more than the \(Counted.text(count, unit)) to train on"
            if case .streams(_, let streams) = self, streams.shortCount > 0, let views = recipe.views.audio {
                let all = streams.shortCount + streams.names.count
                message +=
                    "; \(streams.shortCount) of \(Counted.text(all, "stream")) are shorter than views.audio.seconds "
                        + "\(views.seconds) and "
                    + "not used: make it shorter, or join short clips by a column (data.group)"
            } else {
                message += "; make it smaller, or give more data"
            }
            throw RecipeError.data(message: message)
        }
    }

    /// What a sample is called.
    private var unit: String {
        switch self {
        case .samples: "sample"
        case .streams: "window"
        case .blocks: "text block"
        }
    }

    private func batches<S>(
        of samples: Samples<S>, _ recipe: Recipe, _ size: Int?,
        _ collate: @escaping @Sendable ([S]) throws -> MultimodalBatch
    ) -> Batches<MultimodalBatch> {
        samples.batches(
            of: size ?? recipe.batch, seed: recipe.seed, threads: recipe.loader.threads, prefetch: recipe.loader.prefetch,
            badLimit: recipe.data.badFraction, collate)
    }
}

extension Recipe {
    /// The batches that a run of this recipe trains on.
    /// - Parameter data: the directory that the recipe's data paths start from.
    package func trainingBatches(data: String, tokenizer: (any Tokenizer)?) throws -> Batches<MultimodalBatch> {
        let samples = try TrainingData(self, data: data, tokenizer: tokenizer)
        return try samples.batches(self, tokenizer: tokenizer, teacher: try samples.teacher(self, data: data))
    }
}

public import ConcordDatasets
import ConcordEvaluation
public import ConcordTensors

/// The held-out part of a recipe's data, read and embedded once for all evaluations.
public final class EvaluationData {
    /// Sentences for zero-shot, with `{}` where the class goes.
    public let templates: [String]
    let source: TrainingData
    private let embedder: Embedder
    private(set) var unreadable: [UnreadableFile] = []
    private(set) var notes: [String] = []
    /// By label column: evaluated samples of each value that no training row has.
    private(set) var unknownValues: [String: [String: Int]] = [:]
    private lazy var embedded = Result { try embed() }
    /// Of texts that the samples have no embeddings of: those of models without a shared space.
    private var textFeatures: [RecipeInput: Tensor] = [:]
    private lazy var probed = Result { try probe() }

    init(_ source: TrainingData, embedder: Embedder, templates: [String]) {
        self.source = source
        self.embedder = embedder
        self.templates = templates
    }

    /// The rows that are evaluated; none of running text.
    public var rows: Table? { source.table?.heldOut }

    /// The distinct files, texts or ids that the evaluated rows name, in order of first appearance, without those that
    /// could not be read: N names with their embeddings `[N, D]`, in the shared space where there is one.
    /// - Returns: nil where there are none, or the model does not embed them.
    public func items(of input: RecipeInput) throws -> (names: [String], embeddings: Tensor)? {
        guard let samples = try samples(), let names = samples.items.names[input], !names.isEmpty,
            let embeddings = try samples.embeddings[input]
                ?? (input.kind == .text ? embedder.texts(names, of: input) : nil)
        else { return nil }
        return (names, embeddings)
    }

    /// Embeddings of the items of an input, `[N, D]`: in the shared space where there is one, else the encoder's
    /// output; nil where there are no items. Each is computed once.
    func embeddings(of input: RecipeInput) throws -> Tensor? {
        guard let samples = try samples(), let names = samples.items.names[input], !names.isEmpty else { return nil }
        if let known = samples.embeddings[input] ?? textFeatures[input] { return known }
        guard input.kind == .text else { return nil }
        let features = try embedder.texts(names, of: input, features: true)
        textFeatures[input] = features
        return features
    }

    /// The values that a column of the table has for items of an input, in the recipe's words: places in
    /// ``items(of:)``, each with its value.
    public func values(of column: String, for input: RecipeInput) throws -> [(item: Int, value: String)] {
        guard let samples = try samples() else { return [] }
        let labeled = samples.items.labeled(input, column, in: samples.table)
        return zip(labeled.places, labeled.values).map { (item: $0, value: $1) }
    }

    /// Adds a sentence to the report: what was left out, and why.
    public func note(_ sentence: String) { notes.append(sentence) }

    func leaveOut(_ files: [UnreadableFile]) { unreadable += files }

    /// Counts evaluated samples of values that no training row has.
    func leaveOut(_ values: [String: Int], of label: String) { unknownValues[label] = values }

    /// The evaluated rows' items and their embeddings; nil for running text.
    func samples() throws -> EvaluatedSamples? { try embedded.get() }

    /// The labels that there is something to tell apart of; nil where there is none, which a note says.
    func labels() throws -> ProbedLabels? { try probed.get() }

    private func embed() throws -> EvaluatedSamples? {
        try source.table.map { table in
            let samples = try EvaluatedSamples(table, embedder: embedder) { self.leaveOut($0) }
            for (input, count) in samples.unknownIDs.sorted(by: { $0.key.name < $1.key.name }) {
                note(
                    "\(count) of the held-out rows' ids of \(input) \(count == 1 ? "is" : "are") in no training row, "
                        + "and not evaluated")
            }
            return samples
        }
    }

    private func probe() throws -> ProbedLabels? {
        try source.table.flatMap { try ProbedLabels(of: $0, embedder: embedder, in: self) }
    }
}

/// The distinct files, texts and ids of the evaluated rows, with their embeddings.
struct EvaluatedSamples {
    let table: SampleTable
    private(set) var items: EvaluatedItems
    /// `[N, D]`: in the shared space where there is one; else the encoder's output, and none of texts.
    private(set) var embeddings: [RecipeInput: Tensor] = [:]

    /// How many ids of each input no training row has: there is nothing to compare them by.
    private(set) var unknownIDs: [RecipeInput: Int] = [:]

    /// - Parameter leaveOut: is called with files that cannot be read.
    init(_ table: SampleTable, embedder: Embedder, leaveOut: ([UnreadableFile]) -> Void) throws {
        self.table = table
        let inputs = embedder.model.inputs, isShared = embedder.model.hasSharedSpace
        items = EvaluatedItems(Array(table.heldOut), of: table, inputs)
        for input in inputs where input.kind.isFile {
            guard let paths = items.names[input], !paths.isEmpty else { continue }
            let files = try embedder.readableFiles(paths, input, items.segments(of: input), features: !isShared)
            leaveOut(files.unreadable)
            items.keep(files.readable, of: input)
            embeddings[input] = files.embeddings
        }
        for input in inputs where input.kind == .id {
            let ids = items.names[input] ?? [], known = ids.indices.filter { embedder.row(of: ids[$0], input) != nil }
            unknownIDs[input] = known.count < ids.count ? ids.count - known.count : nil
            items.keep(known, of: input)
            guard !known.isEmpty else { continue }
            embeddings[input] = try embedder.ids(known.map { ids[$0] }, of: input, features: !isShared)
        }
        if isShared { try align(embedder) }
    }

    /// Takes out items whose rows have no other part left, with their embeddings, and embeds the texts that stay.
    private mutating func align(_ embedder: Embedder) throws {
        let stay = items.dropPartless()
        for (input, values) in embeddings {
            guard let kept = stay[input]?.map({ Int32(truncatingIfNeeded: $0) }), kept.count < values.shape[0] else {
                continue
            }
            embeddings[input] = kept.isEmpty ? nil : values.gathered(at: Tensor(kept, shape: [kept.count]), axis: 0)
        }
        for input in embedder.model.inputs where input.kind == .text {
            guard let texts = items.names[input], !texts.isEmpty else { continue }
            embeddings[input] = try embedder.texts(texts, of: input)
        }
    }
}

extension Embedder {
    /// Embeddings of those files that can be read, and which these are.
    func readableFiles(
        _ paths: [String], _ input: RecipeInput, _ segments: [MediaSegment?]?, features: Bool
    ) throws -> (embeddings: Tensor, readable: [Int], unreadable: [UnreadableFile]) {
        let found = try embed(paths, input, segments: segments, features: features, badLimit: 1)
        let unreadable = found.rejected.map { UnreadableFile(name: $0.name, reason: $0.reason) }
        return (found.embeddings, found.entries.map(\.file), unreadable)
    }
}

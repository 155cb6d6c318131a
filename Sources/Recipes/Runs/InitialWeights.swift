import ConcordFiles
import ConcordInterchange
import ConcordLayers
import ConcordTokenizers
public import ConcordTraining

/// Weights that a run starts from: the tensors of a file that the model has under the same name and with the same
/// shape.
///
/// Encoders of another run are found by their key of `model`, whatever objective either run has: the encoder of a
/// SimCLR run (`encoder.conv1.weight`) becomes the image tower of CLIP (`image.encoder.conv1.weight`).
///
/// A file from another tokenizer gives its tokens other ids: its text encoder would be wrong without a sign of it. Such
/// a file is refused unless no tensor of the text encoder is taken over, or `takesOtherTokenizer`.
///
/// ```swift
/// InitialWeights("runs/first", only: ["image.*"])
/// ```
public struct InitialWeights: Sendable {
    /// A run directory, of which the best checkpoint is taken, or a safetensors file.
    public let path: String
    /// Patterns of the names to take over; all where empty.
    public let patterns: [PathPattern]
    /// Whether the text encoder is taken over from a model with another tokenizer too.
    public let takesOtherTokenizer: Bool

    /// What patterns are for, in an error about one that fits nothing.
    package static let purpose = "what to take over"

    /// - Parameters:
    ///   - path: a run directory, or a safetensors file.
    ///   - only: patterns of the paths of the tensors to take; all where empty.
    ///   - takesOtherTokenizer: whether a text encoder of another tokenizer is taken too.
    public init(_ path: String, only patterns: [PathPattern] = [], takesOtherTokenizer: Bool = false) {
        (self.path, self.patterns, self.takesOtherTokenizer) = (path, patterns, takesOtherTokenizer)
    }

    /// Takes over what fits.
    /// - Parameters:
    ///   - objective: what is trained.
    ///   - model: the same, with its text encoder.
    ///   - tokenizer: the recipe's, with the name that the recipe has for it.
    /// - Returns: what to tell the user, a sentence a line.
    /// - Throws: `RecipeError` where nothing fits, a pattern matches nothing, or the tokenizers differ;
    ///   `InterchangeError` from reading.
    func load(
        into objective: any Module, of model: RecipeModel, tokenizer: (name: String, fingerprint: String)?
    ) throws -> [String] {
        let file = try Safetensors(path: RunDirectory.weights(at: path))
        let plan = try Plan(file, objective, patterns, renaming: Self.renamed(file, for: model))
        guard !plan.fitting.isEmpty else {
            throw RecipeError.unreadable(path: file.path, reason: plan.reasonForNothing)
        }
        var notes = ["starting from \(file.path): \(plan.fitting.count) of \(plan.wanted.count) tensors taken over"]
        if let unfit = plan.unfitDescription { notes.append("not taken over: \(unfit)") }
        if let tokenizer, let taken = model.textTensors(of: objective).first(where: plan.fitting.contains) {
            if let other = try Self.tokenizer(of: file) {
                if other.fingerprint != tokenizer.fingerprint {
                    guard takesOtherTokenizer else { throw refusal(file, taken, other, tokenizer, model) }
                    notes.append(
                        """
                            its tokenizer was \(Self.named(other)); the text encoder is taken over as asked, for other \
                            tokens
                            """
                    )
                }
            } else {
                notes.append(
                    "\(file.path) does not say which tokenizer it was trained with; if it was not \(tokenizer.name), "
                        + "its text "
                        + "encoder means other tokens")
            }
        }
        let wanted = Dictionary(plan.fitting.map { (plan.source($0), $0) }) { first, _ in first }
        try objective.load(file, allowingMissing: [""]) { wanted[$0] }
        return notes
    }

    /// What the paths of an encoder begin with in a model, and in the run that a file is of; only those that differ.
    private static func renamed(_ file: Safetensors, for model: RecipeModel) throws -> [(own: String, source: String)] {
        guard let run = run(of: file), let yaml = try TextFile.read(run.recipe),
            let recipe = try? Recipe(yaml: yaml, source: run.recipe)
        else { return [] }
        let tokenizer = recipe.tokenizer.isEmpty ? nil : try run.loadTokenizer()
        let source = try RecipeModel(recipe, tokenizer, of: run)
        return model.encoderPaths.compactMap { key, own in
            source.encoderPaths[key].flatMap { $0 == own || own.isEmpty ? nil : (own, $0) }
        }
    }

    /// The run that a checkpoint is of; nil for another file.
    private static func run(of file: Safetensors) -> RunDirectory? {
        let folders = file.path.split(separator: "/", omittingEmptySubsequences: false)
        guard folders.count > 1, folders[folders.count - 2] == "checkpoints" else { return nil }
        let run = RunDirectory(folders.count > 2 ? folders.dropLast(2).joined(separator: "/") : ".")
        return run.isRun ? run : nil
    }

    private func refusal(
        _ file: Safetensors, _ taken: String, _ other: (name: String, fingerprint: String),
        _ own: (name: String, fingerprint: String),
        _ model: RecipeModel
    ) -> RecipeError {
        .otherTokenizer(
            path: file.path,
            reason:
                "was trained with the tokenizer \(Self.named(other)), and this recipe has \(Self.named(own)): its text "
                + "encoder (\(taken), …) means other tokens",
            others: model.inputs.filter { $0.kind != .text }.map(\.name))
    }

    private static func named(_ tokenizer: (name: String, fingerprint: String)) -> String {
        "\(tokenizer.name) (fingerprint \(tokenizer.fingerprint))"
    }

    /// The tokenizer that a checkpoint was trained with, as its metadata says, or the run directory that it is in; nil
    /// where neither does.
    private static func tokenizer(of file: Safetensors) throws -> (name: String, fingerprint: String)? {
        if let known = CheckpointTokenizer(file.metadata) { return (known.name, known.fingerprint) }
        guard let run = run(of: file), let tokenizer = try? run.loadTokenizer() else { return nil }
        return (run.tokenizer, tokenizer.fingerprint)
    }
}

/// What a checkpoint's metadata say of its tokenizer.
struct CheckpointTokenizer: Equatable {
    /// As the recipe named it.
    let name: String
    let fingerprint: String

    init(name: String, fingerprint: String) { (self.name, self.fingerprint) = (name, fingerprint) }

    init?(_ metadata: [String: String]) {
        guard let fingerprint = metadata["tokenizer_fingerprint"] else { return nil }
        self.init(name: metadata["tokenizer"] ?? "another", fingerprint: fingerprint)
    }

    var metadata: [String: String] { ["tokenizer": name, "tokenizer_fingerprint": fingerprint] }
}

/// Which tensors of a file a module takes over, and why not the others.
private struct Plan {
    /// Names and shapes of the module's tensors that the patterns ask for.
    let wanted: [(name: String, shape: [Int])]
    let fitting: Set<String>
    private let file: Safetensors
    private let renamed: [(own: String, source: String)]

    init(
        _ file: Safetensors, _ module: any Module, _ patterns: [PathPattern],
        renaming renamed: [(own: String, source: String)]
    ) throws {
        (self.file, self.renamed) = (file, renamed)
        let walk = ParameterWalk(module)
        let all =
            walk.parameters.map { ($0.path, $0.parameter.shape) } + walk.buffers.map { ($0.path, $0.buffer.shape) }
        for pattern in patterns where !all.contains(where: { pattern.matches($0.0) }) {
            throw TrainingError.noMatch(
                pattern: pattern.description, purpose: InitialWeights.purpose,
                nearest: NearestName.of(pattern.description, among: all.map(\.0)))
        }
        wanted = all.filter { name, _ in patterns.isEmpty || patterns.contains { $0.matches(name) } }
        fitting = Set(
            wanted.filter { file.shape(of: Self.source($0.name, renamed)) == $0.shape }.map(\.name))
    }

    /// What a tensor of the model is called in the file.
    func source(_ name: String) -> String { Self.source(name, renamed) }

    private static func source(_ name: String, _ renamed: [(own: String, source: String)]) -> String {
        renamed.first { name.hasPrefix($0.own) }.map { $0.source + name.dropFirst($0.own.count) } ?? name
    }

    private var misshapen: [String] {
        wanted.compactMap { name, shape in
            guard let other = file.shape(of: source(name)), other != shape else { return nil }
            return "\(name) is \(other) in the file and \(shape) in the model"
        }
    }

    private var missing: [String] { wanted.map(\.name).filter { !file.contains(source($0)) } }

    /// The first few that do not fit with both shapes, and the counts; nil where all fit.
    var unfitDescription: String? {
        var parts: [String] = []
        if !misshapen.isEmpty { parts.append(Self.listed(misshapen, separator: "; ")) }
        if !missing.isEmpty {
            parts.append(
                """
                    \(Counted.text(missing.count, "tensor")) that the file lacks \
                    (\(Self.listed(missing, separator: ", ")))
                    """
            )
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    var reasonForNothing: String {
        guard !file.names.isEmpty else { return "holds no tensor" }
        let own = wanted.first?.name ?? "", first = file.names.first ?? ""
        let names = misshapen.isEmpty ? "; the file has names such as \(first), the model such as \(own)" : ""
        return
            "none of its \(Counted.text(file.names.count, "tensor")) has the name and shape of one that the model "
                + "wants\(names): "
            + (unfitDescription ?? "")
    }

    private static func listed(_ texts: [String], separator: String) -> String {
        let limit = 5, more = texts.count - limit
        return texts.prefix(limit).joined(separator: separator) + (more > 0 ? "\(separator)and \(more) more" : "")
    }
}

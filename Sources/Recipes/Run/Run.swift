public import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
public import ConcordTensors
public import ConcordTokenizers
#if canImport(Glibc)
    import Glibc
#endif

/// A trained model, read back from its run directory: what a service holds.
///
/// ```swift
/// let run = try Run("runs/catalogue")
/// let index = try run.index(images: paths)
/// for hit in try index.search(run.embed(texts: ["a red bicycle"]), count: 5) { print(hit.similarity, hit.name) }
/// ```
///
/// It may be used from any number of tasks at once.
public struct Run: Sendable {
    public let recipe: Recipe
    /// Nil where the model reads no text.
    public let tokenizer: (any Tokenizer)?
    /// The checkpoint's file.
    public let weights: String
    let embedder: Embedder

    /// Reads the best checkpoint, or the last where none was marked best.
    /// - Throws: `RecipeError` or `InterchangeError`, naming the file and what is wrong with it.
    public init(_ directory: String) throws {
        let run = RunDirectory(directory)
        weights = try RunDirectory.weights(at: run.path)
        guard let yaml = try TextFile.read(run.recipe) else {
            throw RecipeError.notARun(path: directory, reason: "it holds no recipe.yaml")
        }
        recipe = try Recipe(yaml: yaml, source: run.recipe)
        tokenizer = recipe.tokenizer.isEmpty ? nil : try run.loadTokenizer()
        let model = try RecipeModel(recipe, vocabulary: tokenizer?.vocabulary, continuations: tokenizer?.wordContinuations)
        try model.objective.load(Safetensors(path: weights))
        embedder = Embedder(model: model, tokenizer: tokenizer, recipe: recipe)
    }

    /// What it embeds.
    public var modalities: Set<Modality> { embedder.model.modalities }

    /// Unit embeddings of sentences, `[N, D]`.
    public func embed(texts: [String]) throws -> Tensor {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        return try embedder.texts(texts).l2Normalized()
    }

    /// Unit embeddings of picture files, `[N, D]`.
    /// - Throws: for the first file that cannot be decoded.
    public func embed(images paths: [String]) throws -> Tensor { try embed(paths, .image) }

    /// Unit embeddings of sound files, `[N, D]`.
    /// - Throws: for the first file that cannot be decoded.
    public func embed(audio paths: [String]) throws -> Tensor { try embed(paths, .audio) }

    private func embed(_ paths: [String], _ modality: Modality) throws -> Tensor {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(modality.rawValue) to embed") }
        let (embeddings, indices) = try embedder.files(paths, modality, badLimit: 1)
        if let missing = paths.indices.first(where: { !indices.contains($0) }) {
            throw RecipeError.unreadable(path: paths[missing], reason: "the \(modality.rawValue) cannot be decoded")
        }
        return embeddings.l2Normalized()
    }

    /// An index of picture files; those that cannot be decoded are left out and named in the log.
    /// - Throws: where more than the recipe's `data.bad_share` are bad.
    public func index(images paths: [String]) throws -> EmbeddingIndex { try index(paths, .image) }

    /// An index of sound files; those that cannot be decoded are left out and named in the log.
    /// - Throws: where more than the recipe's `data.bad_share` are bad.
    public func index(audio paths: [String]) throws -> EmbeddingIndex { try index(paths, .audio) }

    private func index(_ paths: [String], _ modality: Modality) throws -> EmbeddingIndex {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no \(modality.rawValue) to embed") }
        let (embeddings, indices) = try embedder.files(paths, modality)
        return EmbeddingIndex(embeddings: embeddings, names: indices.map { paths[$0] })
    }

    /// An index of sentences.
    public func index(texts: [String]) throws -> EmbeddingIndex { EmbeddingIndex(embeddings: try embed(texts: texts), names: texts) }

    /// The likeliest class of each picture, by sentences about the classes.
    /// - Parameters:
    ///   - classes: at least one name.
    ///   - templates: sentences with `{}` where the name goes.
    /// - Returns: a name and its probability under the model's temperature, a picture.
    public func classify(
        images paths: [String], classes: [String], templates: [String] = ["{}"]
    ) throws -> [(name: String, probability: Float)] {
        try classify(paths, .image, classes, templates)
    }

    /// The likeliest class of each sound, by sentences about the classes.
    public func classify(
        audio paths: [String], classes: [String], templates: [String] = ["{}"]
    ) throws -> [(name: String, probability: Float)] {
        try classify(paths, .audio, classes, templates)
    }

    private func classify(
        _ paths: [String], _ modality: Modality, _ classes: [String], _ templates: [String]
    ) throws -> [(name: String, probability: Float)] {
        guard !classes.isEmpty else { throw RecipeError.data(message: "no class to choose from") }
        guard embedder.model.contrastive != nil else {
            throw RecipeError.data(
                message: "the run has no space that \(modality.rawValue) and text share; classes want a contrastive recipe")
        }
        let shot = try ZeroShot(classes: classes, templates: templates) { try embedder.texts($0) }
        let logits = shot.similarities(try embed(paths, modality)) * embedder.model.logitScale
        let probabilities = logits.softmax(), scalars = probabilities.scalars
        return probabilities.argmax(axis: 1).integerScalars.enumerated().map { row, place in
            (classes[Int(place)], scalars[row * classes.count + Int(place)])
        }
    }

    /// What the held-out samples of the recipe's data say of the model.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    public func evaluate(data: String, templates: [String]? = nil) throws -> EvaluationReport {
        try embedder.report(on: TrainingData(recipe, data: data, tokenizer: tokenizer), templates: templates)
    }
}

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
    public let tokenizer: any Tokenizer
    /// The checkpoint's file.
    public let weights: String
    let embedder: Embedder

    /// Reads the best checkpoint, or the last where none was marked best.
    /// - Throws: `RecipeError` or `InterchangeError`, naming the file and what is wrong with it.
    public init(_ directory: String) throws {
        let run = RunDirectory(directory)
        weights = try RunDirectory.weights(at: run.path)
        guard let yaml = try TextFile.read(run.recipe) else { throw RecipeError.notARun(path: directory, reason: "it holds no recipe.yaml") }
        recipe = try Recipe(yaml: yaml, source: run.recipe)
        tokenizer = try Tokenizers.load(run.tokenizer)
        let model = recipe.makeModel(vocabulary: tokenizer.vocabulary)
        try model.load(Safetensors(path: weights))
        embedder = Embedder(model: model, tokenizer: tokenizer, recipe: recipe)
    }

    /// Unit embeddings of sentences, `[N, D]`.
    public func embed(texts: [String]) throws -> Tensor {
        guard !texts.isEmpty else { throw RecipeError.data(message: "no text to embed") }
        return embedder.texts(texts).l2Normalized()
    }

    /// Unit embeddings of picture files, `[N, D]`.
    /// - Throws: for the first file that cannot be decoded.
    public func embed(images paths: [String]) throws -> Tensor {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no picture to embed") }
        let (embeddings, indices) = try embedder.pictures(paths, badLimit: 1)
        if let missing = paths.indices.first(where: { !indices.contains($0) }) {
            throw RecipeError.unreadable(path: paths[missing], reason: "the picture cannot be decoded")
        }
        return embeddings.l2Normalized()
    }

    /// An index of picture files; those that cannot be decoded are left out and named in the log.
    /// - Throws: where more than the recipe's `data.bad_share` are bad.
    public func index(images paths: [String]) throws -> EmbeddingIndex {
        guard !paths.isEmpty else { throw RecipeError.data(message: "no picture to embed") }
        let (embeddings, indices) = try embedder.pictures(paths)
        return EmbeddingIndex(embeddings: embeddings, names: indices.map { paths[$0] })
    }

    /// An index of sentences.
    public func index(texts: [String]) throws -> EmbeddingIndex { EmbeddingIndex(embeddings: try embed(texts: texts), names: texts) }

    /// The likeliest class of each picture, by sentences about the classes.
    /// - Parameters:
    ///   - classes: at least one name.
    ///   - templates: sentences with `{}` where the name goes.
    /// - Returns: a name and its probability under the model's temperature, a picture.
    public func classify(images paths: [String], classes: [String], templates: [String] = ["{}"]) throws -> [(name: String, probability: Float)] {
        guard !classes.isEmpty else { throw RecipeError.data(message: "no class to choose from") }
        let shot = ZeroShot(classes: classes, templates: templates) { embedder.texts($0) }
        let logits = shot.similarities(try embed(images: paths)) * embedder.model.logitScale
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
        try embedder.report(on: PairTable(recipe.data, root: data), templates: templates)
    }
}

public import ConcordCommunication
import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
public import ConcordTokenizers
import ConcordTraining

/// A trained model, read back from its run directory: what a service holds.
///
/// ```swift
/// let run = try Run("runs/catalog")
/// let index = try run.index(images: paths)
/// for hit in try index.search(run.embed(texts: ["a red bicycle"]), count: 5) { print(hit.similarity, hit.name) }
/// ```
///
/// It may be used from any number of tasks at once.
public struct Run: Sendable {
    /// What it was trained by.
    public let recipe: Recipe
    /// Nil where the model reads no text.
    public let tokenizer: (any Tokenizer)?
    /// The checkpoint's file.
    public let weights: String
    /// The fingerprint of the parameters and buffers, 16 hexadecimal digits: equal for equal weights, whatever their
    /// file is called.
    public let fingerprint: String
    /// The files that it was read from: recipe, tokenizer, table of kernels and weights.
    public let files: [String]
    /// What it was trained on; nil in a run that does not say.
    let trainedRows: TrainedRows?
    let embedder: Embedder

    /// Reads the best checkpoint, or the last where none was marked best.
    /// - Parameter ranks: processes that each have this run and embed the same files and texts: each a shard of them.
    /// - Throws: `RecipeError` or `InterchangeError`, naming the file and what is wrong with it.
    public init(_ directory: String, ranks: Communicator = .single) throws {
        let run = RunDirectory(directory)
        weights = try RunDirectory.weights(at: run.path)
        guard let yaml = try TextFile.read(run.recipe) else {
            throw RecipeError.notARun(path: directory, reason: "it holds no recipe.yaml")
        }
        recipe = try Recipe(yaml: yaml, source: run.recipe)
        trainedRows = try TrainedData.read(run.trainedData)?.rows
        tokenizer = recipe.tokenizer.isEmpty ? nil : try run.loadTokenizer()
        let ids = try run.loadIDs(recipe)
        let model = try RecipeModel(recipe, tokenizer, of: run)
        let file = try Safetensors(path: weights)
        if let tokenizer { try run.requireTokenizer(tokenizer, of: file) }
        try model.objective.load(checkpoint: file, weights: .evaluated)
        files = [run.recipe, run.tokenizer, run.kernels, weights]
        fingerprint = model.objective.fingerprint()
        embedder = Embedder(model: model, tokenizer: tokenizer, ids: ids, recipe: recipe, ranks: ranks)
    }

    /// What it embeds, in the recipe's order.
    public var inputs: [RecipeInput] { embedder.model.inputs }

    /// The kinds of what it embeds.
    public var modalities: Set<Modality> { Set(inputs.map(\.kind)) }

    /// The ids of an input of ids, as its table has them.
    /// - Parameter input: its name; nil for the first.
    /// - Throws: where the model has none.
    public func ids(of input: String? = nil) throws -> IDVocabulary {
        guard let known = embedder.ids[try self.input(.id, named: input)] else { throw embedder.missing(.id) }
        return known
    }

    /// The input of a kind that can be embedded: the first, or the one of a name.
    /// - Throws: where the model has none.
    func input(_ kind: Modality, named name: String?) throws -> RecipeInput {
        guard let input = embedder.model.input(kind, named: name) else {
            guard let name else { throw embedder.missing(kind) }
            let known = inputs.filter { $0.kind == kind }.map(\.name)
            throw RecipeError.data(
                message: "the run has no \(kind.rawValue) input \(name); it has \(known.joined(separator: ", "))")
        }
        return input
    }
}

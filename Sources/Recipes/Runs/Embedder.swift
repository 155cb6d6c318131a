import ConcordCommunication
import ConcordDatasets
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTokenizers

/// A model with what it takes to bring files and sentences to it: embeds in evaluation mode, a batch at a time.
struct Embedder: Sendable {
    let model: RecipeModel
    /// Nil where the model reads no text.
    let tokenizer: (any Tokenizer)?
    /// The ids of each input of ids.
    var ids: [RecipeInput: IDVocabulary] = [:]
    let recipe: Recipe
    /// The layer whose output features are, in place of the encoder's; nil: the encoder's.
    var layer: ProbedLayer?
    /// The processes that divide files and texts among themselves; all of them call the same, and get the same.
    var ranks = Communicator.single

    /// Files a batch at most.
    var size: Int { min(256, max(16, recipe.batch)) }

    /// Embeddings of sentences, `[N, D]`.
    /// - Parameter input: an input of texts; nil for the first one.
    /// - Throws: where the model reads no text.
    func texts(
        _ texts: [String], of input: RecipeInput? = nil, features: Bool = false,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws -> Tensor {
        guard let tokenizer, let input = input ?? model.input(.text), let context = recipe.model.context(of: input)
        else { throw missing(.text) }
        guard ranks.isAlone else {
            var own = self
            own.ranks = .single
            return try textsShard(texts) { try own.texts($0, of: input, features: features, progress: progress) }
        }
        let blocks = stride(from: 0, to: texts.count, by: 512).map { first in
            let end = min(texts.count, first + 512)
            let tokens = tokenizer.encode(Array(texts[first..<end]), length: context)
            defer { progress(end) }
            return output(of: .text(tokens), input, features: features)
        }
        return try (blocks.count == 1 ? blocks[0] : Tensor.concatenated(blocks, axis: 0)).requiringFinite()
    }

    /// The table's row of an id of an input; nil where no training row has it.
    func row(of id: String, _ input: RecipeInput) -> Int32? { ids[input]?.row(of: id) }

    /// Embeddings of ids, `[N, D]`.
    /// - Throws: for the first that no training row has.
    func ids(_ names: [String], of input: RecipeInput, features: Bool = false) throws -> Tensor {
        guard let known = ids[input] else { throw missing(.id) }
        return output(of: .ids(IDs(try known.rows(of: names, input))), input, features: features)
    }

    /// Of a batch, in evaluation mode.
    func output(of value: ModalityInput, _ input: RecipeInput, features: Bool) -> Tensor {
        evaluating {
            guard features else { return model.embed(value, of: input) }
            guard let layer, let outputs = model.layerOutputs(value, of: input) else {
                return model.features(value, of: input)
            }
            return outputs[layer.place(among: outputs.count)].pooled(layer.pooling)
        }
    }

    func missing(_ kind: Modality) -> RecipeError {
        let known = model.inputs.map(\.name)
        return .data(message: "the run has no \(kind.rawValue) tower; it embeds \(known.joined(separator: " and "))")
    }
}

extension Tensor {
    /// These embeddings.
    /// - Throws: where one of them is not finite: nothing could be ranked or classified by it.
    func requiringFinite() throws -> Tensor {
        guard cast(to: .float32).norm.isFinite else {
            throw RecipeError.data(
                message: "the model's embeddings are not finite: its weights have diverged, or do not belong to its "
                    + "recipe; take an earlier checkpoint, or train with a lower learning rate or clipping")
        }
        return self
    }
}

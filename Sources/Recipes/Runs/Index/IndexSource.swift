import ConcordTokenizers

/// Which run made an index.
public struct IndexSource: Sendable, Equatable {
    /// What was embedded.
    public let modality: Modality?
    /// The fingerprint of the run's parameters and buffers, 16 hexadecimal digits; see `Run.fingerprint`.
    public let weights: String
    /// The fingerprint of the run's tokenizer; nil where the model reads no text.
    public let tokenizer: String?
    /// The checkpoint's file, as it was named when the index was made.
    public let checkpoint: String

    /// - Parameters:
    ///   - modality: the kind of what is indexed; nil where it is not known.
    ///   - weights: fingerprint of the weights.
    ///   - tokenizer: fingerprint of the tokenizer; nil where no text is read.
    ///   - checkpoint: the weights' file.
    public init(modality: Modality?, weights: String, tokenizer: String?, checkpoint: String) {
        (self.modality, self.weights, self.tokenizer, self.checkpoint) = (modality, weights, tokenizer, checkpoint)
    }

    init?(_ metadata: [String: String]) {
        guard let weights = metadata["weights_fingerprint"] else { return nil }
        self.init(
            modality: metadata["modality"].flatMap(Modality.init(rawValue:)), weights: weights,
            tokenizer: metadata["tokenizer_fingerprint"], checkpoint: metadata["checkpoint"] ?? "")
    }

    var metadata: [String: String] {
        var metadata = ["weights_fingerprint": weights, "checkpoint": checkpoint]
        metadata["modality"] = modality?.rawValue
        metadata["tokenizer_fingerprint"] = tokenizer
        return metadata
    }
}

extension EmbeddingIndex {
    /// Checks that a run's embeddings can be compared with the index's: that both are of the same weights and
    /// tokenizer.
    ///
    /// An index without a source passes: `source` is nil then, and only the size of embeddings is checked, by `search`.
    /// - Throws: `RecipeError`, which names the index, its run and this run, if they differ.
    public func requireMade(by run: Run) throws {
        guard let source else { return }
        let name = path ?? "the index"
        guard source.weights == run.fingerprint else {
            throw RecipeError.data(
                message:
                    "\(name): made with the weights of \(source.checkpoint) (fingerprint \(source.weights)), not with "
                        + "those of "
                    + "\(run.weights) (\(run.fingerprint)): their embeddings cannot be compared; search with that run, "
                    + "or embed again "
                    + "with this one")
        }
        guard let made = source.tokenizer, let own = run.tokenizer?.fingerprint, made != own else { return }
        throw RecipeError.data(
            message: "\(name): made with the tokenizer of \(source.checkpoint) (fingerprint \(made)), not with that of "
                + "\(run.weights) (\(own)); embed again with this run")
    }
}

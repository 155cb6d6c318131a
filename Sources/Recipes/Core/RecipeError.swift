import ConcordDatasets
import ConcordFiles
import ConcordLayers

/// What can be wrong with a recipe, a run directory or what they name.
public enum RecipeError: Error, CustomStringConvertible {
    /// `key` of the recipe cannot be what it is.
    case invalid(source: String, line: Int?, key: String, message: String)
    /// `key` cannot be what an override (`batch=0`) makes it.
    case override(_ text: String, key: String, message: String)
    /// A file that cannot be read or written, or holds something else than it should.
    case unreadable(path: String, reason: String)
    /// Neither a recipe file nor a built-in recipe.
    case unknownRecipe(name: String, known: [String])
    /// A new run was to start where there is one.
    case runExists(path: String)
    /// A directory that is no run.
    case notARun(path: String, reason: String)
    /// A run was to be resumed, and there is none.
    case nothingToResume(path: String)
    /// A run that has not written a checkpoint.
    case noCheckpoint(path: String)
    /// A run was to be resumed under another recipe; in words, the first line that differs.
    case otherRecipe(difference: String)
    /// A run was to be resumed to a length that it is past: `length`, such as `3 epochs`, under the recipe's `key`.
    case runIsLonger(key: String, length: String, updates: Int, made: Int)
    /// A run was to be resumed on other data.
    case otherData(run: String, difference: String)
    /// Initial weights of a text encoder for other tokens, and the parts of the model that do not depend on them.
    case otherTokenizer(path: String, reason: String, others: [String])
    /// What should be the data directory is none.
    case notADirectory(path: String)
    /// A safetensors file without embeddings.
    case notAnIndex(path: String)
    /// Masked language modeling with a tokenizer that has no mask token.
    case noMaskToken
    /// More words than `limit`, a fraction, are unknown to the tokenizer: a sentence with the counts.
    case unknownWords(sentence: String, limit: Double)
    /// The data do not hold what the recipe asks for.
    case data(message: String)

    public var description: String {
        switch self {
        case .invalid(let source, let line, let key, let message):
            "\(source)\(line.map { ":\($0)" } ?? ""): \(key.isEmpty ? "" : key + ": ")\(message)"
        case .override(let text, let key, let message):
            "override \(text): \(key.isEmpty || text.hasPrefix(key + "=") ? "" : key + ": ")\(message)"
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .unknownRecipe(let name, let known):
            """
            \(name): neither a recipe file nor a built-in \
            recipe\(NearestName.hint(for: name.lowercased(), among: known)); built in are \
            \(known.joined(separator: ", "))
            """
        case .runExists(let path): "\(path): holds a run already"
        case .notARun(let path, let reason): "\(path): not a run directory: \(reason)"
        case .nothingToResume(let path): "\(path): not a run directory: there is nothing to resume"
        case .noCheckpoint(let path): "\(path): not a run directory: it holds no checkpoint yet"
        case .otherRecipe(let difference): "the recipe is not the one that the run has: \(difference)"
        case .runIsLonger(let key, let length, let updates, let made):
            "\(key): \(length) are \(Counted.text(updates, "update")), and the run has made \(made)"
        case .otherData(let run, let difference):
            """
                \(difference); to go on with \(run), put the data back; to train on these from its weights, start \
                another run
                """
        case .otherTokenizer(let path, let reason, let others):
            "\(path): \(reason); give the recipe that tokenizer, "
                + (others.isEmpty ? "" : "take over other parts alone (\(others.joined(separator: ", "))), ")
                + "or take the text encoder all the same"
        case .notADirectory(let path): "\(path): not a directory"
        case .notAnIndex(let path): "\(path): not an index: it must hold embeddings, names and offsets"
        case .noMaskToken: "objective masked: the tokenizer has no mask token"
        case .unknownWords(let sentence, let limit):
            "\(sentence); more than data.unknown_limit \(limit). Train a tokenizer on these texts, or take tokenizer: "
                + "english-bpe, to which no text is unknown"
        case .data(let message): message
        }
    }
}

extension RecipeError {
    /// A file that was left out, as an error.
    static func rejected(_ file: Rejected) -> RecipeError {
        .unreadable(path: file.name, reason: file.reason)
    }
}

import ConcordDatasets
import ConcordFiles
import ConcordLayers

/// What can be wrong with a recipe, a run directory or what they name.
public enum RecipeError: Error, CustomStringConvertible {
    /// `key` of the recipe cannot be what it is.
    case invalid(source: String, line: Int?, key: String, message: String)
    /// `key` cannot be what an override (`batch=0`, by `--set`) makes it.
    case override(_ text: String, key: String, message: String)
    case unreadable(path: String, reason: String)
    case unknownRecipe(name: String, known: [String])
    case runExists(path: String)
    case notARun(path: String, reason: String)
    /// The data do not hold what the recipe asks for.
    case data(message: String)

    public var description: String {
        switch self {
        case .invalid(let source, let line, let key, let message):
            "\(source)\(line.map { ":\($0)" } ?? ""): \(key.isEmpty ? "" : key + ": ")\(message)"
        case .override(let text, let key, let message):
            "--set \(text): \(key.isEmpty || text.hasPrefix(key + "=") ? "" : key + ": ")\(message)"
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .unknownRecipe(let name, let known):
            """
                \(name): neither a recipe file nor a built-in \
                recipe\(NearestName.hint(for: name.lowercased(), among: known)); built in are \
                \(known.joined(separator: ", "))
                """
        case .runExists(let path): "\(path): holds a run already; go on with --resume or give another --out"
        case .notARun(let path, let reason): "\(path): not a run directory: \(reason)"
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

import Yams

/// Where the values of a recipe come from: its file, and the overrides put over it.
final class RecipeSource {
    /// The file's name, or the built-in recipe's.
    let name: String
    /// The text after `=` of each override, by its key path.
    private var overrides: [String: String] = [:]

    init(_ name: String) { self.name = name }

    /// Remembers an override; it takes the place of earlier ones at or below its path.
    func override(_ path: String, with text: String) {
        overrides = overrides.filter { $0.key != path && !$0.key.hasPrefix(path + ".") }
        overrides[path] = text
    }

    /// The text of the override of exactly this key.
    func text(at path: String) -> String? { overrides[path] }

    /// An error about the key at `path`, attributed to the override that gave it, else to the file and its line.
    ///
    /// - Parameter mark: the place of the key or its value; nil where the file does not give it.
    func fault(at path: String, _ mark: Mark?, _ message: String) -> RecipeError {
        // Of `tokenizer=vocab.txt` and `tokenizer.lowercase=true` the one that names the key.
        let given = overrides.filter { path == $0.key || path.hasPrefix($0.key + ".") }.max {
            $0.key.count < $1.key.count
        }
        // A mapping that only an override made has no place in the file.
        let made = mark == nil ? overrides.first { $0.key.hasPrefix(path + ".") } : nil
        guard let (key, text) = given ?? made, !path.isEmpty else {
            return .invalid(source: name, line: mark?.line, key: path, message: message)
        }
        return .override("\(key)=\(text)", key: path, message: message)
    }
}

/// What is wrong with a file of tensors, or with a file against the module that it should fill.
public enum InterchangeError: Error, Equatable, CustomStringConvertible {
    /// The file could not be opened or read.
    case unreadable(path: String, reason: String)
    /// The file's bytes are not safetensors.
    case malformed(path: String, problem: String)
    /// One tensor's entry in the header is wrong.
    case malformedTensor(path: String, key: String, problem: String)
    /// The file has no tensor of that name.
    case missingTensor(path: String, key: String, nearest: String?)
    /// The tensor's elements cannot be held here.
    case unsupportedValues(path: String, key: String, problem: String)
    /// The file could not be written; what stood there before still does.
    case unwritable(path: String, reason: String)
    /// The list of tensors to write contradicts itself.
    case invalidList(path: String, key: String, problem: String)
    /// The file and the module disagree: every key that does.
    case mismatch(path: String, problems: [String])

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .malformed(let path, let problem):
            "\(path): not a whole safetensors file: \(problem); copy or write it again"
        case .malformedTensor(let path, let key, let problem):
            "\(path): not a whole safetensors file: tensor \(quoted(key)): \(problem); copy or write it again"
        case .missingTensor(let path, let key, let nearest):
            "\(path): no tensor \(quoted(key))" + (nearest.map { "; the nearest name is \(quoted($0))" } ?? "")
        case .unsupportedValues(let path, let key, let problem): "\(path): tensor \(quoted(key)): \(problem)"
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason); what stood there before is unchanged"
        case .invalidList(let path, let key, let problem):
            "\(path): cannot be written: tensor \(quoted(key)): \(problem)"
        case .mismatch(let path, let problems): "\(path): does not fit the model: \(problems.joined(separator: "; "))"
        }
    }

    /// A key as a message shows it: on one line, whatever is in it, and not endless.
    private func quoted(_ key: String) -> String {
        let key = key.count > 200 ? key.prefix(200) + "…" : key[...]
        return String(key).debugDescription
    }
}

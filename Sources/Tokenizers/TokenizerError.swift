/// What is wrong with a tokenizer's file or with the text to train one on.
public enum TokenizerError: Error, Hashable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// `line` counts from 1; nil where the fault has no line of its own.
    case malformed(path: String, line: Int?, problem: String)
    /// The vocabulary asked for has no room for what it must hold.
    case sizeTooSmall(size: Int, needed: Int)
    /// The files to train on hold no word.
    case noText(paths: [String])

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .malformed(let path, let line, let problem): "\(path)\(line.map { ":\($0)" } ?? ""): \(problem)"
        case .sizeTooSmall(let size, let needed):
            "a vocabulary of \(size) has no room for its special tokens and characters: ask for at least \(needed), or limit the alphabet"
        case .noText(let paths):
            paths.isEmpty ? "no text to train a tokenizer on" : "no text to train a tokenizer on in \(paths.joined(separator: ", "))"
        }
    }
}

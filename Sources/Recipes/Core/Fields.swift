import ConcordFiles
import ConcordLayers
import Yams

/// One mapping of a recipe, read strictly.
///
/// Every key that is asked for is remembered with its resolved value and its documentation. `finish` refuses the keys
/// that nobody asked for; `yaml` and `keys` (`Fields+Output.swift`) print what was asked for.
public final class Fields {
    /// A value of the resolved recipe.
    enum Resolved {
        case scalar(String)
        case list([String])
        case map(Fields)
        /// Left out, and without a default.
        case absent
    }

    /// A key that was asked for. `key` is nil for names that the user chooses, such as columns.
    struct Entry {
        let name: String
        let value: Resolved
        let key: RecipeKey?
    }

    private var pairs: [(key: Node, value: Node)]
    private let path: String
    private let source: RecipeSource
    /// What was asked for, in that order.
    private(set) var entries: [Entry] = []
    /// What this mapping is about.
    let meaning: String

    /// - Parameters:
    ///   - node: a mapping, or nil where the recipe leaves it out.
    ///   - path: the keys above it, joined with dots.
    init(_ node: Node?, path: String = "", source: RecipeSource, meaning: String = "") throws {
        self.path = path
        self.source = source
        self.meaning = meaning
        switch node {
        case nil: pairs = []
        case .mapping(let mapping)?: pairs = mapping.map { ($0.key, $0.value) }
        case .some(let other) where other.isEmptyValue: pairs = []
        case .some(let other): throw source.fault(at: path, other.mark, "keys and values wanted")
        }
        var seen: Set<String> = []
        for (key, _) in pairs where !seen.insert(key.string ?? "").inserted {
            throw source.fault(at: full(key.string ?? ""), key.mark, "given twice")
        }
    }

    /// Whether the recipe gives the key a value; `null` is none.
    public func has(_ key: String) -> Bool { node(key) != nil }

    /// Whether the recipe gives the key keys of its own.
    public func hasKeys(_ key: String) -> Bool { node(key)?.mapping != nil }

    /// An error that names the key and where its value comes from.
    public func fault(_ key: String, _ message: String) -> RecipeError {
        source.fault(at: full(key), node(key)?.mark, message)
    }

    /// Reads a key that was renamed by its new name: recipes and runs of before keep working.
    public func renamed(_ old: String, to new: String) {
        guard !pairs.contains(where: { $0.key.string == new }) else { return }
        for place in pairs.indices where pairs[place].key.string == old { pairs[place].key = Node(new) }
    }

    /// The keys that the recipe gives keys of their own, in its order.
    var namesOfMappings: [String] { pairs.compactMap { $0.value.mapping == nil ? nil : $0.key.string } }

    // MARK: Mappings

    /// Whether the recipe turns a mapping off with `none`, `null`, `false` or `{}`.
    func turnsOff(_ key: String) -> Bool {
        guard let value = pairs.first(where: { $0.key.string == key })?.value else { return false }
        if let mapping = value.mapping { return mapping.isEmpty }
        return value.isNull
            || value.scalar.map { ["none", "false", "no", "off"].contains($0.string.lowercased()) } ?? false
    }

    /// Notes that a mapping was turned off.
    func off(_ key: String, _ meaning: String) { remember(key, .scalar("none"), .keys, "", nil, meaning) }

    /// The keys below a key; all at their defaults where the recipe leaves it out.
    public func fields(_ key: String, _ meaning: String) throws -> Fields {
        let inner = try Fields(node(key), path: full(key), source: source, meaning: meaning)
        entries.append(Entry(name: key, value: .map(inner), key: nil))
        return inner
    }

    /// A mapping that turns something on by being there, even if it is empty; nil where it is left out.
    public func optionalFields(_ key: String, _ meaning: String) throws -> Fields? {
        guard has(key) else {
            remember(key, .absent, .keys, "", nil, meaning)
            return nil
        }
        let inner = try Fields(node(key), path: full(key), source: source, meaning: meaning)
        remember(key, .map(inner), .keys, "", nil, meaning)
        return inner
    }

    /// Names and texts: `{digit: "7"}`, in the recipe's order.
    func map(_ key: String, _ meaning: String) throws -> [(name: String, text: String)] {
        let inner = try Fields(node(key), path: full(key), source: source, meaning: meaning)
        remember(key, .map(inner), .names, "names and texts", nil, meaning)
        return try inner.texts()
    }

    /// Names and mappings of texts: `{digit: {"7": seven}}`.
    func maps(_ key: String, _ meaning: String) throws -> [(name: String, words: [(name: String, text: String)])] {
        let outer = try Fields(node(key), path: full(key), source: source, meaning: meaning)
        remember(key, .map(outer), .names, "names, each with names and texts", nil, meaning)
        return try outer.pairs.map { pair in
            let name = pair.key.string ?? ""
            let inner = try Fields(pair.value, path: outer.full(name), source: source)
            outer.entries.append(Entry(name: name, value: .map(inner), key: nil))
            return (name, try inner.texts())
        }
    }

    /// Mappings of keys under names that the user chooses: `{near: {name: simclr}}`, in the recipe's order.
    func namedFields(_ key: String, _ meaning: String) throws -> [(name: String, fields: Fields)] {
        let outer = try Fields(node(key), path: full(key), source: source, meaning: meaning)
        remember(key, .map(outer), .names, "names, each with keys", nil, meaning)
        return try outer.pairs.map { pair in
            let name = pair.key.string ?? ""
            let inner = try Fields(pair.value, path: outer.full(name), source: source)
            outer.entries.append(Entry(name: name, value: .map(inner), key: nil))
            return (name, inner)
        }
    }

    private func texts() throws -> [(name: String, text: String)] {
        try pairs.map { pair in
            let name = pair.key.string ?? ""
            guard let text = pair.value.scalar?.string else { throw fault(name, "a text wanted") }
            entries.append(Entry(name: name, value: .scalar(text), key: nil))
            return (name, text)
        }
    }

    // MARK: The end

    /// Refuses keys that were never asked for, here and below.
    func finish() throws {
        let known = entries.map(\.name)
        for (key, _) in pairs {
            let name = key.string ?? ""
            guard !known.contains(name) else { continue }
            throw source.fault(
                at: full(name), key.mark,
                """
                    unknown key\(NearestName.hint(for: name, among: known)); known here are \
                    \(known.joined(separator: ", "))
                    """
            )
        }
        for entry in entries { if case .map(let inner) = entry.value { try inner.finish() } }
    }

    // MARK: One key

    private func node(_ key: String) -> Node? {
        guard let node = pairs.first(where: { $0.key.string == key })?.value else { return nil }
        guard node.isNull else { return node }
        // An override such as `#1.csv` is a comment to YAML, and a text to the one who typed it.
        guard let typed = source.text(at: full(key)), !Node(typed).isNull else { return nil }
        return node
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func scalar(_ key: String) throws -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string else { throw fault(key, "one value wanted, not a list or keys") }
        return text
    }

    /// A text. That of an override is taken as it was typed, since braces, colons and number signs mean nothing in a
    /// file's name.
    func plainText(_ key: String) throws -> String? {
        guard let typed = source.text(at: full(key)), let node = node(key) else { return try scalar(key) }
        if let scalar = node.scalar, scalar.style == .singleQuoted || scalar.style == .doubleQuoted {
            return scalar.string
        }
        return typed
    }

    func list(_ key: String) throws -> [String]? {
        switch node(key) {
        case nil: nil
        case .sequence(let sequence)?:
            try sequence.map { item in
                guard let text = item.scalar?.string else { throw fault(key, "a list of texts wanted") }
                return text
            }
        case .scalar(let scalar)?: scalar.string.split(separator: ",").map { String($0.drop { $0 == " " }) }
        default: throw fault(key, "a list of texts wanted")
        }
    }

    func remember(
        _ name: String, _ value: Resolved, _ kind: RecipeKey.Kind, _ range: String, _ fallback: String?,
        _ meaning: String
    ) {
        let key = RecipeKey(path: full(name), kind: kind, defaultValue: fallback, range: range, meaning: meaning)
        entries.append(Entry(name: name, value: value, key: key))
    }

    func outOfRange(_ key: String, _ value: String, _ range: String) -> RecipeError {
        fault(key, "\(value) is out of range: \(range)")
    }
}

extension Node {
    /// `null`, `~` or nothing, not in quotes.
    fileprivate var isNull: Bool {
        guard let scalar else { return false }
        return ["", "null", "Null", "NULL", "~"].contains(scalar.string)
            && (scalar.style == .plain || scalar.style == .any)
    }

    fileprivate var isEmptyValue: Bool { scalar.map { $0.string.isEmpty } ?? false || isNull }
}

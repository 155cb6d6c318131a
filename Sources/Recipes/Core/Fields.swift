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

    private func texts() throws -> [(name: String, text: String)] {
        try pairs.map { pair in
            let name = pair.key.string ?? ""
            guard let text = pair.value.scalar?.string else { throw fault(name, "a text wanted") }
            entries.append(Entry(name: name, value: .scalar(text), key: nil))
            return (name, text)
        }
    }

    // MARK: Texts

    /// A text, or nil where the recipe leaves it out.
    public func string(_ key: String, _ meaning: String) throws -> String? {
        let text = try plainText(key)
        remember(key, text.map { .scalar($0) } ?? .absent, .text, "", nil, meaning)
        return text
    }

    /// A text.
    public func string(_ key: String, default fallback: String, _ meaning: String) throws -> String {
        let text = try plainText(key) ?? fallback
        remember(key, .scalar(text), .text, "", fallback, meaning)
        return text
    }

    /// A list of texts; a single text is a list of one.
    public func strings(_ key: String, default fallback: [String] = [], _ meaning: String) throws -> [String] {
        let texts = try list(key) ?? fallback
        remember(key, .list(texts), .texts, "", Self.listed(fallback), meaning)
        return texts
    }

    /// One of an enumeration's raw values.
    public func choice<E: RawRepresentable<String> & CaseIterable>(
        _ key: String, default fallback: E, _ meaning: String
    ) throws -> E {
        let result: E = try given(key) ?? fallback
        remember(key, .scalar(result.rawValue), .choice, Self.values(E.self), fallback.rawValue, meaning)
        return result
    }

    /// One of an enumeration's raw values, or nil where the recipe leaves it out.
    public func choice<E: RawRepresentable<String> & CaseIterable>(
        _ key: String, of type: E.Type, _ meaning: String
    ) throws -> E? {
        let result: E? = try given(key)
        remember(key, result.map { .scalar($0.rawValue) } ?? .absent, .choice, Self.values(E.self), nil, meaning)
        return result
    }

    /// One of some names.
    public func choice(_ key: String, default fallback: String, of known: [String], _ meaning: String) throws -> String
    {
        let text = try scalar(key) ?? fallback
        guard known.contains(text) else {
            throw fault(
                key,
                "\"\(text)\" is none of \(known.joined(separator: ", "))\(NearestName.hint(for: text, among: known))")
        }
        remember(key, .scalar(text), .choice, known.joined(separator: ", "), fallback, meaning)
        return text
    }

    /// One of some names, or nil where the recipe leaves it out.
    public func choice(_ key: String, of known: [String], _ meaning: String) throws -> String? {
        guard has(key) else {
            remember(key, .absent, .choice, known.joined(separator: ", "), nil, meaning)
            return nil
        }
        return try choice(key, default: known.first ?? "", of: known, meaning)
    }

    private func given<E: RawRepresentable<String> & CaseIterable>(_ key: String) throws -> E? {
        // As typed where it is an override: `|` and `,` mean something in YAML.
        guard let text = try plainText(key).map({ $0.trimmingSpaces }) else { return nil }
        guard let result = E(rawValue: text) else {
            let known = E.allCases.map(\.rawValue)
            throw fault(
                key,
                "\"\(text)\" is none of \(known.joined(separator: ", "))\(NearestName.hint(for: text, among: known))")
        }
        return result
    }

    private static func values<E: RawRepresentable<String> & CaseIterable>(_ type: E.Type) -> String {
        type.allCases.map(\.rawValue).joined(separator: ", ")
    }

    // MARK: Numbers

    /// A whole number in a range.
    /// - Throws: `RecipeError` for a number outside of it.
    public func integer(
        _ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String
    ) throws -> Int {
        let result = try integer(key, range) ?? fallback
        guard range.contains(result) else { throw outOfRange(key, String(result), RecipeKey.range(range)) }
        remember(key, .scalar(String(result)), .integer, RecipeKey.range(range), String(fallback), meaning)
        return result
    }

    /// A whole number in a range, or nil where the recipe leaves it out.
    public func integer(_ key: String, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String) throws -> Int? {
        let result = try integer(key, range)
        remember(key, result.map { .scalar(String($0)) } ?? .absent, .integer, RecipeKey.range(range), nil, meaning)
        return result
    }

    /// One of a few whole numbers.
    public func integer(_ key: String, default fallback: Int, oneOf values: [Int], _ meaning: String) throws -> Int {
        let known = values.map(String.init).joined(separator: ", ")
        let result = try integer(key, Int.min...Int.max) ?? fallback
        guard values.contains(result) else { throw fault(key, "\(result) is none of \(known)") }
        remember(key, .scalar(String(result)), .integer, known, String(fallback), meaning)
        return result
    }

    private func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = try scalar(key) else { return nil }
        guard let result = Int(text) else {
            // A number that no Int holds is out of range like any other.
            if let number = Double(text), abs(number) >= 0x1p63 { throw outOfRange(key, text, RecipeKey.range(range)) }
            throw fault(key, "a whole number wanted, \"\(text)\" found")
        }
        guard range.contains(result) else { throw outOfRange(key, text, RecipeKey.range(range)) }
        return result
    }

    /// Whole numbers: `[10, 8, 4]`.
    public func integers(
        _ key: String, default fallback: [Int], in range: ClosedRange<Int> = 1...Int.max, _ meaning: String
    ) throws -> [Int] {
        let texts = try list(key) ?? fallback.map(String.init)
        let numbers = texts.compactMap { Int($0) }
        guard numbers.count == texts.count, numbers.allSatisfy({ range.contains($0) }) else {
            throw fault(key, "a list of whole numbers, each \(RecipeKey.range(range)), wanted, as in [10, 8, 4]")
        }
        remember(key, .list(texts), .integers, RecipeKey.range(range), Self.listed(fallback.map(String.init)), meaning)
        return numbers
    }

    /// A number in a range.
    /// - Throws: `RecipeError` for a number outside of it.
    public func number(
        _ key: String, default fallback: Double, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude,
        _ meaning: String
    ) throws -> Double {
        let result = try number(key, range) ?? fallback
        guard range.contains(result) else { throw outOfRange(key, String(result), RecipeKey.range(range)) }
        remember(key, .scalar(String(result)), .number, RecipeKey.range(range), RecipeKey.short(fallback), meaning)
        return result
    }

    /// A number in a range, or nil where the recipe leaves it out.
    public func number(
        _ key: String, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude, _ meaning: String
    ) throws -> Double? {
        let result = try number(key, range)
        remember(key, result.map { .scalar(String($0)) } ?? .absent, .number, RecipeKey.range(range), nil, meaning)
        return result
    }

    private func number(_ key: String, _ range: ClosedRange<Double>) throws -> Double? {
        guard let text = try scalar(key) else { return nil }
        guard let result = Double(text) else { throw fault(key, "a number wanted, \"\(text)\" found") }
        guard range.contains(result) else { throw outOfRange(key, text, RecipeKey.range(range)) }
        return result
    }

    /// Numbers of a fixed count: `[0.9, 0.999]`.
    public func numbers(
        _ key: String, default fallback: [Double], in range: ClosedRange<Double>, _ meaning: String
    ) throws -> [Double] {
        let texts = try list(key) ?? fallback.map { String($0) }
        let numbers = texts.compactMap { Double($0) }
        guard numbers.count == fallback.count, texts.count == fallback.count, numbers.allSatisfy({ range.contains($0) })
        else {
            throw fault(key, "\(fallback.count) numbers, each \(RecipeKey.range(range)), wanted")
        }
        remember(key, .list(texts), .numbers, RecipeKey.range(range), Self.listed(fallback.map { String($0) }), meaning)
        return numbers
    }

    /// True or false.
    public func flag(_ key: String, default fallback: Bool, _ meaning: String) throws -> Bool {
        let words = ["true": true, "yes": true, "on": true, "false": false, "no": false, "off": false]
        var result = fallback
        if let text = try scalar(key) {
            guard let word = words[text.lowercased()] else {
                throw fault(key, "true or false wanted, \"\(text)\" found")
            }
            result = word
        }
        remember(key, .scalar(String(result)), .flag, "", String(fallback), meaning)
        return result
    }

    /// True or false, or nil where the recipe leaves it out.
    public func flag(_ key: String, _ meaning: String) throws -> Bool? {
        guard has(key) else {
            remember(key, .absent, .flag, "", nil, meaning)
            return nil
        }
        return try flag(key, default: false, meaning)
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

    private func scalar(_ key: String) throws -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string else { throw fault(key, "one value wanted, not a list or keys") }
        return text
    }

    /// A text. That of an override is taken as it was typed, since braces, colons and number signs mean nothing in a
    /// file's name.
    private func plainText(_ key: String) throws -> String? {
        guard let typed = source.text(at: full(key)), let node = node(key) else { return try scalar(key) }
        if let scalar = node.scalar, scalar.style == .singleQuoted || scalar.style == .doubleQuoted {
            return scalar.string
        }
        return typed
    }

    private func list(_ key: String) throws -> [String]? {
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

    private func remember(
        _ name: String, _ value: Resolved, _ kind: RecipeKey.Kind, _ range: String, _ fallback: String?,
        _ meaning: String
    ) {
        let key = RecipeKey(path: full(name), kind: kind, defaultValue: fallback, range: range, meaning: meaning)
        entries.append(Entry(name: name, value: value, key: key))
    }

    private func outOfRange(_ key: String, _ value: String, _ range: String) -> RecipeError {
        fault(key, "\(value) is out of range: \(range)")
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " }
        return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
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

import ConcordLayers
import Yams

/// One mapping of a recipe, read strictly: every key that is asked for is remembered with its resolved value, and `finish`
/// refuses the keys that nobody asked for.
final class Fields {
    /// A value as it stands in the resolved recipe.
    private enum Resolved {
        case scalar(String)
        case list([String])
        case map(Fields)
        /// Left out, and without a default.
        case absent
    }

    private let pairs: [(key: Node, value: Node)]
    private let path: String
    private let source: String
    private var resolved: [(key: String, value: Resolved)] = []

    /// - Parameters:
    ///   - node: a mapping, or nil where the recipe leaves it out.
    ///   - path: the keys above it, joined with dots.
    ///   - source: the file's name, for errors.
    init(_ node: Node?, path: String = "", source: String) throws {
        self.path = path
        self.source = source
        switch node {
        case nil: pairs = []
        case .mapping(let mapping)?: pairs = mapping.map { ($0.key, $0.value) }
        case .scalar(let scalar)? where scalar.string.isEmpty || scalar.string == "null": pairs = []
        case .some(let other):
            throw RecipeError.invalid(source: source, line: other.mark?.line, key: path, message: "keys and values wanted")
        }
        var seen: Set<String> = []
        for (key, _) in pairs where !seen.insert(key.string ?? "").inserted {
            throw RecipeError.invalid(source: source, line: key.mark?.line, key: full(key.string ?? ""), message: "given twice")
        }
    }

    func has(_ key: String) -> Bool { node(key) != nil }

    /// Fails with this mapping's place.
    func fault(_ key: String, _ message: String) -> RecipeError {
        RecipeError.invalid(source: source, line: node(key)?.mark?.line, key: full(key), message: message)
    }

    func fields(_ key: String) throws -> Fields {
        let inner = try Fields(node(key), path: full(key), source: source)
        resolved.append((key, .map(inner)))
        return inner
    }

    func string(_ key: String) throws -> String? {
        guard let text = try scalar(key) else { return nil }
        resolved.append((key, .scalar(text)))
        return text
    }

    func string(_ key: String, default fallback: String) throws -> String {
        try value(key, default: fallback, "text", { $0 }, { $0 })
    }

    func strings(_ key: String, default fallback: [String] = []) throws -> [String] {
        let result: [String]
        switch node(key) {
        case nil: result = fallback
        case .sequence(let sequence)?:
            result = try sequence.map { item in
                guard let text = item.scalar?.string else { throw fault(key, "a list of texts wanted") }
                return text
            }
        case .scalar(let scalar)?: result = scalar.string.split(separator: ",").map { String($0.drop { $0 == " " }) }
        default: throw fault(key, "a list of texts wanted")
        }
        resolved.append((key, .list(result)))
        return result
    }

    /// Names and texts: `{image: filepath, text: title}`, in the recipe's order.
    func map(_ key: String) throws -> [(name: String, text: String)] {
        let inner = try fields(key)
        return try inner.pairs.map { pair in
            let name = pair.key.string ?? ""
            guard let text = try inner.string(name) else { throw inner.fault(name, "a text wanted") }
            return (name, text)
        }
    }

    /// Names and mappings of texts: `{digit: {"7": seven}}`.
    func maps(_ key: String) throws -> [(name: String, words: [(String, String)])] {
        let inner = try fields(key)
        return try inner.pairs.map { pair in
            let name = pair.key.string ?? ""
            return (name, try inner.map(name).map { ($0.name, $0.text) })
        }
    }

    /// Whole numbers, at least `least`: `[10, 8, 4]`.
    func integers(_ key: String, default fallback: [Int], atLeast least: Int = 1) throws -> [Int] {
        let texts = try strings(key, default: fallback.map(String.init))
        let numbers = texts.compactMap { Int($0) }
        guard numbers.count == texts.count, numbers.allSatisfy({ $0 >= least }) else {
            throw fault(key, "a list of whole numbers from \(least) wanted, as in [10, 8, 4]")
        }
        return numbers
    }

    func integer(_ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max) throws -> Int {
        let result = try value(key, default: fallback, "a whole number", { Int($0) }, { String($0) })
        guard range.contains(result) else {
            throw fault(
                key, "\(result) is out of range: from \(range.lowerBound)" + (range.upperBound == .max ? "" : " to \(range.upperBound)"))
        }
        return result
    }

    func integer(_ key: String, in range: ClosedRange<Int> = 0...Int.max) throws -> Int? {
        if has(key) { return try integer(key, default: 0, in: range) }
        resolved.append((key, .absent))
        return nil
    }

    func number(
        _ key: String, default fallback: Double, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude
    ) throws -> Double {
        let result = try value(key, default: fallback, "a number", { Double($0) }, { String($0) })
        guard range.contains(result) else { throw fault(key, "\(result) is out of range: from \(range.lowerBound) to \(range.upperBound)") }
        return result
    }

    func number(_ key: String) throws -> Double? { has(key) ? try number(key, default: 0) : nil }

    func flag(_ key: String, default fallback: Bool) throws -> Bool {
        let words = ["true": true, "yes": true, "on": true, "false": false, "no": false, "off": false]
        return try value(key, default: fallback, "true or false", { words[$0.lowercased()] }, { String($0) })
    }

    /// One of an enumeration's raw values.
    func choice<E: RawRepresentable<String> & CaseIterable>(_ key: String, default fallback: E) throws -> E {
        guard let text = try scalar(key) else {
            resolved.append((key, .scalar(fallback.rawValue)))
            return fallback
        }
        guard let result = E(rawValue: text) else {
            let known = E.allCases.map(\.rawValue)
            throw fault(key, "\"\(text)\" is none of \(known.joined(separator: ", "))\(NearestName.hint(for: text, among: known))")
        }
        resolved.append((key, .scalar(text)))
        return result
    }

    /// Refuses keys that were never asked for, here and below.
    func finish() throws {
        let known = resolved.map(\.key)
        for (key, _) in pairs {
            let name = key.string ?? ""
            guard !known.contains(name) else { continue }
            throw RecipeError.invalid(
                source: source, line: key.mark?.line, key: full(name),
                message: "unknown key\(NearestName.hint(for: name, among: known)); known here are \(known.joined(separator: ", "))")
        }
        for case (_, .map(let inner)) in resolved { try inner.finish() }
    }

    /// Every key that was asked for with its value, as YAML.
    func yaml(indent: String = "") -> String {
        resolved.map { key, value in
            switch value {
            case .scalar(let text): "\(indent)\(Self.quoted(key)): \(Self.quoted(text))\n"
            case .list(let texts): "\(indent)\(Self.quoted(key)): [\(texts.map(Self.quoted).joined(separator: ", "))]\n"
            case .absent: ""
            case .map(let inner) where inner.resolved.isEmpty: ""
            case .map(let inner): "\(indent)\(Self.quoted(key)):\n\(inner.yaml(indent: indent + "  "))"
            }
        }.joined()
    }

    private static func quoted(_ text: String) -> String {
        let plain = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._/-+".contains($0)) } && text != "-"
        if plain { return text }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\t": "\\t"
            case "\n": "\\n"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }

    private func node(_ key: String) -> Node? { pairs.first { $0.key.string == key }?.value }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private func scalar(_ key: String) throws -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.scalar?.string else { throw fault(key, "one value wanted, not a list or keys") }
        return text
    }

    private func value<T>(_ key: String, default fallback: T, _ wanted: String, _ parse: (String) -> T?, _ print: (T) -> String) throws -> T
    {
        var result = fallback
        if let text = try scalar(key) {
            guard let parsed = parse(text) else { throw fault(key, "\(wanted) wanted, \"\(text)\" found") }
            result = parsed
        }
        resolved.append((key, .scalar(print(result))))
        return result
    }
}

import ConcordFiles

extension Fields {
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
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " }
        return String(start[..<(start.lastIndex { $0 != " " }.map { start.index(after: $0) } ?? start.startIndex)])
    }
}

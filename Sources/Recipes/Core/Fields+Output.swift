extension Fields {
    /// Every key that was asked for with its value, as YAML.
    func yaml(indent: String = "") -> String {
        entries.map { entry in
            let name = Self.quoted(entry.name)
            switch entry.value {
            case .scalar(let text): return "\(indent)\(name): \(Self.quoted(text))\n"
            case .list(let texts): return "\(indent)\(name): \(Self.listed(texts))\n"
            case .absent: return ""
            case .map(let inner) where inner.entries.isEmpty: return ""
            case .map(let inner): return "\(indent)\(name):\n\(inner.yaml(indent: indent + "  "))"
            }
        }.joined()
    }

    /// `yaml` with each key's meaning, range and default above it; keys without a value are comments.
    func commentedYAML(indent: String = "") -> String {
        entries.map { entry in
            let name = Self.quoted(entry.name)
            let comment = entry.key.map { Self.comment($0, indent: indent) } ?? ""
            switch entry.value {
            case .scalar(let text): return "\(comment)\(indent)\(name): \(Self.quoted(text))\n"
            case .list(let texts): return "\(comment)\(indent)\(name): \(Self.listed(texts))\n"
            case .absent: return "\(comment)\(indent)# \(name):\n"
            case .map(let inner) where inner.entries.isEmpty:
                return entry.key == nil ? "" : "\(comment)\(indent)# \(name):\n"
            case .map(let inner):
                let section = entry.key == nil && !inner.meaning.isEmpty ? "\n\(indent)# \(inner.meaning)\n" : comment
                return "\(section)\(indent)\(name):\n\(inner.commentedYAML(indent: indent + "  "))"
            }
        }.joined()
    }

    /// Every documented key that was asked for, here and below.
    var keys: [RecipeKey] {
        entries.flatMap { entry in
            guard case .map(let inner) = entry.value else { return [entry.key].compactMap { $0 } }
            return [entry.key].compactMap { $0 } + inner.keys
        }
    }

    private static func comment(_ key: RecipeKey, indent: String) -> String {
        let facts = [
            key.kind.rawValue, key.range,
            key.defaultValue.map { "default \($0.isEmpty ? "none" : $0)" } ?? "not set by default",
        ]
        return "\(indent)# \(key.meaning) (\(facts.filter { !$0.isEmpty }.joined(separator: "; ")))\n"
    }

    static func listed(_ texts: [String]) -> String { "[\(texts.map(quoted).joined(separator: ", "))]" }

    /// Whether a byte is an ASCII letter or digit, or one of `._/-+`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x2F, 0x5F: true
        default: false
        }
    }

    private static func quoted(_ text: String) -> String {
        let isPlainText =
            !text.isEmpty && text != "-" && !["null", "~"].contains(text.lowercased())
            && text.utf8.allSatisfy(isPlain)
        if isPlainText { return text }
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\t": "\\t"
            case "\n": "\\n"
            case _
            where scalar.properties.generalCategory == .control
                || ["\u{2028}", "\u{2029}", "\u{FEFF}"].contains(scalar):
                "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count)
                    + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

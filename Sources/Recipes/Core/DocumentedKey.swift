import Synchronization

/// A key with everything that depends on other keys: where it is allowed, and its other defaults.
public struct DocumentedKey: Sendable, Equatable, Codable {
    /// A default that depends on another key.
    public struct OtherDefault: Sendable, Equatable, Codable {
        /// The default; nil where there is none.
        public let value: String?
        /// `optimizer.name is sgd`.
        public let condition: String
    }

    /// Path, type, range, default and meaning.
    public let key: RecipeKey
    /// All of these must hold, else the key is unknown: `data.kind is table or files`. Empty where it is always
    /// allowed.
    public let conditions: [String]
    /// Defaults that it has where another key has another value.
    public let otherDefaults: [OtherDefault]
}

extension Recipe {
    /// Every key of every kind of recipe, sorted by section.
    ///
    /// Found by decoding: a recipe with all modalities, then that recipe with each choice changed in turn, and from
    /// every recipe that showed a new key again. A key's conditions are the choices without which it is not asked for.
    ///
    /// That takes seconds, and is done again only where an objective or an encoder was registered since.
    public static func documentedKeys() -> [DocumentedKey] {
        let encoders: [any EncoderRecipe.Type] = Modality.allCases.flatMap { encoderKinds(of: $0) }
        let kinds = objectiveKinds.map { ObjectIdentifier($0) } + encoders.map { ObjectIdentifier($0) }
        return surveyed.withLock { known in
            if let known, known.kinds == kinds { return known.keys }
            var survey = KeySurvey()
            let keys = survey.run()
            known = (kinds, keys)
            return keys
        }
    }

    /// The keys of the last survey, and the objectives and encoders that there were.
    private static let surveyed = Mutex<(kinds: [ObjectIdentifier], keys: [DocumentedKey])?>(nil)
}

/// Decodes a family of small recipes and compares the keys that they ask for.
private struct KeySurvey {
    /// One value of a setting, and the override that sets it; nil where the base recipe has it.
    private struct Option: Hashable {
        let words: String
        let override: String?
    }

    /// A key that others may depend on: a choice, or one that may be left out.
    private struct Setting {
        let name: String
        let options: [Option]
    }

    /// Options that differ from the base recipe's, by the setting's name.
    private typealias State = [String: Option]

    private static let columns = "image: filepath, text: title, audio: recording, video: clip, id: item"
    private var decoded: [State: [RecipeKey]?] = [:]

    mutating func run() -> [DocumentedKey] {
        // In the order of their discovery; a key belongs to the first state that shows it.
        var found: [(key: RecipeKey, state: State)] = []
        var known: Set<String> = []
        var queue: [State] = []
        func visit(_ state: State, _ keys: [RecipeKey]) {
            let fresh = keys.filter { !known.contains($0.path) }
            guard !fresh.isEmpty else { return }
            known.formUnion(fresh.map(\.path))
            found += fresh.map { ($0, state) }
            queue.append(state)
        }
        visit([:], keys(of: [:]))
        var next = 0
        while next < queue.count {
            for change in changes(of: queue[next]) { visit(change.state, keys(of: change.state)) }
            next += 1
        }
        let documented = found.map { document($0.key, foundIn: $0.state) }
        var sections: [String] = []
        for section in documented.map({ Self.section($0.key.path) }) where !sections.contains(section) {
            sections.append(section)
        }
        return sections.flatMap { section in documented.filter { Self.section($0.key.path) == section } }
    }

    private static func section(_ path: String) -> String {
        path.split(separator: ".").dropLast().joined(separator: ".")
    }

    /// Compares the key with what the neighbors of `state` ask for, one setting at a time.
    private mutating func document(_ key: RecipeKey, foundIn state: State) -> DocumentedKey {
        var conditions: [String] = [], others: [DocumentedKey.OtherDefault] = []
        for setting in settings(of: state) where setting.name != key.path {
            let now = current(setting, in: state)
            var allowed = [now], isAlways = true
            for change in changes(of: state, in: setting) where !keys(of: change.state).isEmpty {
                guard let other = keys(of: change.state).first(where: { $0.path == key.path }) else {
                    isAlways = false
                    continue
                }
                allowed.append(change.option)
                guard other.defaultValue != key.defaultValue else { continue }
                others.append(.init(value: other.defaultValue, condition: "\(setting.name) is \(change.option.words)"))
            }
            let words = setting.options.filter(allowed.contains).map(\.words)
            if !isAlways { conditions.append("\(setting.name) is \(words.joined(separator: " or "))") }
        }
        return DocumentedKey(key: key, conditions: conditions, otherDefaults: others)
    }

    private mutating func settings(of state: State) -> [Setting] {
        keys(of: state).compactMap { key in
            if key.defaultValue == nil {
                let sample: String? =
                    switch key.kind {
                    case _ where key.path.hasPrefix("data.columns."): nil  // the base recipe gives them
                    case .keys: "{}"
                    case .choice: key.range.split(separator: ", ").first.map(String.init)
                    default: "1"
                    }
                let options = [Option(words: "not given", override: "null"), Option(words: "given", override: sample)]
                return Setting(
                    name: key.path,
                    options: sample == nil
                        ? options.reversed() : [.init(words: "not given", override: nil), options[1]])
            }
            if key.path == "tokenizer" {  // a file's name, or keys
                let options = [Option(words: "a name", override: nil), Option(words: "keys", override: "{}")]
                return Setting(name: key.path, options: options)
            }
            guard key.kind == .choice else { return nil }
            let values = key.range.split(separator: ", ").map(String.init)
            return Setting(
                name: key.path, options: values.map { Option(words: $0, override: $0 == key.defaultValue ? nil : $0) })
        }
    }

    private func current(_ setting: Setting, in state: State) -> Option {
        state[setting.name] ?? setting.options.first { $0.override == nil } ?? setting.options[0]
    }

    private mutating func changes(of state: State) -> [(option: Option, state: State)] {
        settings(of: state).flatMap { changes(of: state, in: $0) }
    }

    private func changes(of state: State, in setting: Setting) -> [(option: Option, state: State)] {
        setting.options.filter { $0 != current(setting, in: state) }.map { option in
            var other = state
            other[setting.name] = option.override == nil ? nil : option
            return (option, other)
        }
    }

    /// The keys that the recipe of a state asks for; none where it is refused.
    private mutating func keys(of state: State) -> [RecipeKey] {
        if let known = decoded[state] { return known ?? [] }
        let overrides = state.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.override ?? "null")" }
        // Running text has no columns, and a folder none of a name of its own.
        let base =
            switch state["data.kind"]?.override {
            case "text": "data: {}"
            case "folder", "videos", "moving_shapes": "data: {columns: {\(Self.columns)}}"
            // Of two inputs, the second one of ids.
            case _ where state["objective.loss"]?.override == "sampled_softmax":
                "data: {columns: {text: title, id: item}}"
            default: "data: {columns: {\(Self.columns), NAME: {kind: text}}}"
            }
        // A sum has a part, whose own keys are those of its objective.
        let isSum = state["objective.name"]?.override == SumRecipe.name
        let parts = isSum ? "\nobjective: {parts: {NAME: {name: \(ContrastiveRecipe.name)}}}" : ""
        let result = (try? Recipe.keys(yaml: base + parts, source: "keys", overrides: overrides))?.filter { key in
            !key.path.hasPrefix("objective.parts.NAME.") || SumRecipe.ownKeys.contains { key.path.hasSuffix($0) }
        }
        decoded[state] = .some(result)
        return result ?? []
    }
}

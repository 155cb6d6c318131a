import ConcordFiles
public import ConcordLayers
public import ConcordTensors

extension Module {
    /// Takes the values of all parameters and buffers from a file.
    ///
    /// Strict: every key of the module must be in the file with its shape, and every key of the file in the module; one
    /// error names all that disagree. On an error nothing was changed. Keys that the field's files have beside
    /// (`num_batches_tracked`, the classifier of a ResNet that has none here) are passed over.
    ///
    /// ```swift
    /// try resnet.load(Safetensors(path: "clip.safetensors"), allowingUnexpected: ["text."]) { key in
    ///     key.hasPrefix("visual.") ? String(key.dropFirst(7)) : key
    /// }
    /// ```
    /// - Parameters:
    ///   - allowingMissing: prefixes of module keys that the file need not have; they keep their values.
    ///   - allowingUnexpected: prefixes of file keys, renamed, that are passed over.
    ///   - renaming: from a file's key to the module's; nil passes it over.
    /// - Throws: `InterchangeError.mismatch` with every disagreement, or what reading the file throws.
    public func load(
        _ file: Safetensors, allowingMissing: [String] = [], allowingUnexpected: [String] = [],
        renaming: (String) -> String? = { $0 }
    ) throws(InterchangeError) {
        let plan = LoadingPlan(
            self, file: file, renaming: renaming, allowingMissing: allowingMissing,
            allowingUnexpected: allowingUnexpected)
        guard plan.problems.isEmpty else { throw .mismatch(path: file.path, problems: plan.problems) }
        var values: [(leaf: LoadingPlan.Leaf, value: Tensor)] = []
        for (key, leaf) in plan.assignments { values.append((leaf, try file.tensor(key))) }
        for (leaf, value) in values { leaf.assign(value) }
    }
}

/// Which of a file's tensors goes where in a module, and why that is impossible.
private struct LoadingPlan {
    enum Leaf {
        case parameter(Parameter)
        case buffer(Buffer)

        var shape: [Int] {
            switch self {
            case .parameter(let parameter): parameter.shape
            case .buffer(let buffer): buffer.shape
            }
        }

        var elementType: ElementType {
            switch self {
            case .parameter: .float32
            case .buffer(let buffer): buffer.stored.elementType
            }
        }

        func assign(_ value: Tensor) {
            switch self {
            case .parameter(let parameter): parameter.assign(value)
            case .buffer(let buffer): buffer.assign(value)
            }
        }
    }

    private(set) var assignments: [(key: String, leaf: Leaf)] = []
    private(set) var problems: [String] = []

    init(
        _ module: any Module, file: Safetensors, renaming: (String) -> String?, allowingMissing: [String],
        allowingUnexpected: [String]
    ) {
        let walk = ParameterWalk(module)
        let leaves: [(path: String, leaf: Leaf)] =
            walk.parameters.map { ($0.path, .parameter($0.parameter)) }
            + walk.buffers.map { ($0.path, .buffer($0.buffer)) }
        let known = Set(leaves.map(\.path)), unused = Set(walk.unused)
        let ties = Dictionary(walk.ties.map { ($0.path, $0.first) }, uniquingKeysWith: { first, _ in first })

        var sources: [String: String] = [:]  // the module's path to the file's key
        var unexpected: [String] = []
        for key in file.names {
            guard let name = renaming(key) else { continue }
            if known.contains(name) {
                if let other = sources[name], renaming(other) == name {
                    problems.append("\(other) and \(key) both go to \(name)")
                }
                sources[name] = key
            } else if let first = ties[name] {
                if sources[first] == nil { sources[first] = key }
            } else if !unused.contains(name), !allowingUnexpected.contains(where: { name.hasPrefix($0) }) {
                unexpected.append(name)
            }
        }
        var missing: [String] = []
        for (path, leaf) in leaves {
            guard let key = sources[path] else {
                if !allowingMissing.contains(where: { path.hasPrefix($0) }) { missing.append(path) }
                continue
            }
            if let shape = file.shape(of: key), shape != leaf.shape {
                problems.append("\(path) has shape \(shape) in the file, \(leaf.shape) in the model")
            } else if let type = file.elementType(of: key), type != leaf.elementType {
                problems.append(
                    "\(path) holds \(file.storedType(of: key) ?? "") in the file, \(leaf.elementType) in the model")
            } else {
                assignments.append((key, leaf))
            }
        }
        // another model altogether: hints would be slow, and noise
        let isShort = missing.count * unexpected.count <= 1000
        func listed(_ names: [String], hintsFrom others: [String]) -> String {
            names.map { isShort ? $0 + NearestName.hint(for: $0, among: others) : $0 }.joined(separator: ", ")
        }
        if !missing.isEmpty { problems.append("missing in the file: " + listed(missing, hintsFrom: unexpected)) }
        if !unexpected.isEmpty { problems.append("unknown to the model: " + listed(unexpected, hintsFrom: missing)) }
    }
}

extension Module {
    /// Every parameter and buffer with its path, in the order of the stored properties: what a checkpoint holds.
    ///
    /// Tied parameters are listed once, under the first of their paths.
    public func stateDictionary() -> [(name: String, tensor: Tensor)] {
        let walk = ParameterWalk(self)
        return walk.parameters.map { ($0.path, $0.parameter.stored) } + walk.buffers.map { ($0.path, $0.buffer.stored) }
    }
}

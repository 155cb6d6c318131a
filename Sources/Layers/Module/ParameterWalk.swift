import ConcordTensors

/// The parameters and buffers of a module with their paths, found by reflection over stored properties.
///
/// A path joins property names in snake_case with dots (`layer1.0.conv1.weight`); array elements have their index, or
/// their own name where they have one (`NamedModule`). A leaf that is reachable by several paths is listed at the
/// first: it is tied.
public struct ParameterWalk {
    /// Every parameter once, in the order of the stored properties.
    public private(set) var parameters: [(path: String, parameter: Parameter)] = []
    /// Every buffer once, in the order of the stored properties.
    public private(set) var buffers: [(path: String, buffer: Buffer)] = []
    /// Modules that are notified of updates, in the order of their paths.
    public private(set) var observers: [(path: String, observer: any UpdateObserver)] = []
    /// Modules whose layers have an order, in the order of their paths.
    public private(set) var layered: [any LayeredModule] = []
    /// Later paths of tied leaves, with the path that they are stored under.
    public private(set) var ties: [(path: String, first: String)] = []
    /// Paths that a checkpoint may have and that loading passes over.
    public private(set) var unused: [String] = []

    private var seen: [ObjectIdentifier: String] = [:]

    /// Walks a module and all modules in it.
    /// - Precondition: no module is stored where the walk cannot reach it, in a dictionary or a struct for instance.
    public init(_ root: any Module) { visit(root, at: "") }

    private mutating func visit(_ module: any Module, at path: String) {
        if module is Parameter || module is Buffer {
            if let first = seen[ObjectIdentifier(module)] {
                ties.append((path, first))
                return
            }
            seen[ObjectIdentifier(module)] = path
            if let parameter = module as? Parameter { parameters.append((path, parameter)) }
            if let buffer = module as? Buffer { buffers.append((path, buffer)) }
            return
        }
        if let observer = module as? any UpdateObserver, seen.updateValue(path, forKey: ObjectIdentifier(module)) == nil
        {
            observers.append((path, observer))
        }
        if let module = module as? any LayeredModule, !layered.contains(where: { $0 === module }) {
            layered.append(module)
        }
        unused += module.unusedCheckpointNames.map { Self.join(path, $0) }
        let names = module.checkpointNames
        for child in Mirror(reflecting: module).children {
            guard let label = child.label else { continue }
            let name = names[label] ?? Self.snakeCase(label)
            visit(child.value, at: Self.join(path, name), of: module, property: label)
        }
    }

    private mutating func visit(_ value: Any, at path: String, of owner: any Module, property: String) {
        if let module = value as? any Module {
            visit(module, at: path)
            return
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            for child in mirror.children { visit(child.value, at: path, of: owner, property: property) }
        case .collection:
            for (index, child) in mirror.children.enumerated() {
                let name = (child.value as? any NamedModule)?.name ?? String(index)
                visit(child.value, at: Self.join(path, name), of: owner, property: property)
            }
        default:
            if Self.hidesModule(value, depth: 0) {
                fatalError(
                    "\(type(of: owner)).\(property): a \(type(of: value)) holds "
                        + "\(value is ParameterValues ? "values" : "a module") where no checkpoint "
                        + (value is ParameterValues
                            ? "would find them; keep a MovingAverage, or Buffers"
                            : "would find it; store modules as properties, optionals or arrays")
                )
            }
        }
    }

    /// Whether a struct, tuple, dictionary, enum or plain class holds a module, a few levels down. A closure cannot be
    /// looked into: a parameter that hides in one is found at the first update, which knows every gradient's owner.
    private static func hidesModule(_ value: Any, depth: Int) -> Bool {
        if value is any Module || value is ParameterValues { return true }
        guard depth < 4 else { return false }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .struct, .tuple, .enum, .dictionary, .set, .collection, .optional, .class:
            return mirror.children.prefix(64).contains { hidesModule($0.value, depth: depth + 1) }
        default:
            return false
        }
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty || name.isEmpty ? path + name : path + "." + name
    }

    /// `inProjWeight` becomes `in_proj_weight`; digits stay where they are.
    package static func snakeCase(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase, !result.isEmpty { result += "_" }
            result += character.lowercased()
        }
        return result
    }
}

/// A module that has a name of its own in an array: a tower.
public protocol NamedModule: Module {
    /// The level of its path in checkpoints; empty for none.
    var name: String { get }
}

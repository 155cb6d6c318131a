public import ConcordTensors

/// Something with parameters: a layer, an encoder, an objective.
///
/// Modules are final classes whose stored properties are `let`: parameters, buffers, other modules, optionals and
/// arrays of these, and plain settings. A function `callAsFunction` does the work; the protocol requires none, because
/// inputs differ.
///
/// ```swift
/// final class Gate: Module {
///     let linear = Linear(256, 256)
///     func callAsFunction(_ x: Tensor) -> Tensor { x * linear(x).sigmoid() }
/// }
/// ```
///
/// A module may be used from any thread: only parameters and buffers change, and they are locked.
public protocol Module: AnyObject, Sendable {
    /// The name of a stored property in checkpoints, where it is not the property's own in snake_case: `["ln1":
    /// "ln_1"]`. The empty string leaves the level out of the path.
    var checkpointNames: [String: String] { get }

    /// Names that the field's checkpoints have beside a module's own and that it has no use for:
    /// `["num_batches_tracked"]`. Loading passes them over.
    var unusedCheckpointNames: [String] { get }
}

extension Module {
    public var checkpointNames: [String: String] { [:] }
    public var unusedCheckpointNames: [String] { [] }

    /// Gives every parameter that has no value yet its initial one, a function of the seed and of the parameter's path,
    /// and notifies every ``UpdateObserver``.
    @discardableResult
    public func initialize(seed: UInt64) -> Self {
        let walk = ParameterWalk(self)
        for (path, leaf) in walk.parameters { leaf.initialize(key: RandomKey(seed: seed).derived(path)) }
        for (_, observer) in walk.observers { observer.parametersDidInitialize() }
        return self
    }

    /// Runs `body` with other parameter and buffer values in place of the modules' own; what is written to buffers
    /// lands in `values`.
    ///
    /// Inside another `with` these values replace the surrounding ones altogether; they are not laid over them.
    public func with<R, E: Error>(_ values: ParameterValues, _ body: () throws(E) -> R) throws(E) -> R {
        try Context.with({ $0.values = values }, body)
    }

    /// Number of trainable values, tied ones counted once.
    public var parameterCount: Int { ParameterWalk(self).parameters.reduce(0) { $0 + $1.parameter.count } }
}

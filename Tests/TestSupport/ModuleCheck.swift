public import ConcordLayers
public import ConcordTensors
public import Testing

/// Compares a module with hashed values with its case in a fixture: the output, the gradients of inputs and parameters,
/// and the buffers afterwards; in training mode unless `isTraining` is false. Whatever the fixture has of the case must
/// be there.
public func checkModule(
    _ module: some Module, _ name: String, in fixture: Fixture, inputs: [(name: String, value: Tensor)],
    isTraining: Bool = true,
    tolerance: Float = 1e-5, gradientTolerance: Float = 2e-5, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping ([Tensor]) -> Tensor
) {
    module.filled(prefix: name + ".")
    func run() -> ([Tensor], pullback: ([Tensor]) -> (Gradients, [Tensor?])) {
        valueWithPullback(of: inputs.map(\.value)) { [body($0)] }
    }
    let (outputs, pullback) = isTraining ? training { run() } : evaluating { run() }
    expectClose(
        outputs[0], fixture["\(name)/output"], tolerance: tolerance, "\(name) output", sourceLocation: sourceLocation)
    let (gradients, cotangents) = pullback([hashed(name + ".upstream", outputs[0].shape)])
    for (input, cotangent) in zip(inputs, cotangents) where input.value.elementType == .float32 {
        expectClose(
            cotangent ?? Tensor(0), fixture["\(name)/gradient/\(input.name)"], tolerance: gradientTolerance,
            "\(name) gradient \(input.name)",
            sourceLocation: sourceLocation)
    }
    checkGradients(
        gradients, of: module, name, in: fixture, except: inputs.map(\.name), tolerance: gradientTolerance,
        sourceLocation: sourceLocation)
    checkBuffers(of: module, name, in: fixture, tolerance: tolerance, sourceLocation: sourceLocation)
}

/// Compares parameters' gradients with every `CASE/gradient/PATH` of a fixture but those of inputs.
public func checkGradients(
    _ gradients: Gradients, of module: some Module, _ name: String, in fixture: Fixture, except inputs: [String] = [],
    tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let parameters = Dictionary(uniqueKeysWithValues: ParameterWalk(module).parameters.map { ($0.path, $0.parameter) })
    let prefix = "\(name)/gradient/"
    for key in fixture.names where key.hasPrefix(prefix) {
        let path = String(key.dropFirst(prefix.count))
        guard !inputs.contains(path) else { continue }
        guard let gradient = parameters[path].flatMap({ gradients[$0] }) else {
            Issue.record("\(key): no such parameter, or it got no gradient", sourceLocation: sourceLocation)
            continue
        }
        expectClose(gradient, fixture[key], tolerance: tolerance, key, sourceLocation: sourceLocation)
    }
}

/// Compares running statistics with every one that a fixture has of the case.
public func checkBuffers(
    of module: some Module, _ name: String, in fixture: Fixture, tolerance: Float,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let buffers = Dictionary(uniqueKeysWithValues: ParameterWalk(module).buffers.map { ($0.path, $0.buffer) })
    for key in fixture.names where key.hasPrefix(name + "/") && key.contains("running_") {
        guard let buffer = buffers[String(key.dropFirst(name.count + 1))] else {
            Issue.record("\(key): no such buffer", sourceLocation: sourceLocation)
            continue
        }
        expectClose(buffer.value, fixture[key], tolerance: tolerance, key, sourceLocation: sourceLocation)
    }
}

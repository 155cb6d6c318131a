public import ConcordLayers
public import ConcordTensors
public import Testing

/// A parameter or statistic of a size that keeps activations near 1, chosen by its name and shape, as `hashed_parameter` in
/// Tests/Fixtures/hashed.py.
public func hashedParameter(_ name: String, _ shape: [Int]) -> Tensor {
    if name.hasSuffix("running_var") { return hashed(name, shape, scale: 0.5) + 1 }
    if name.hasSuffix("running_mean") { return hashed(name, shape, scale: 0.1) }
    if shape.count >= 2 { return hashed(name, shape, scale: Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())) }
    return name.hasSuffix("weight") ? hashed(name, shape, scale: 0.2) + 1 : hashed(name, shape, scale: 0.1)
}

extension Module {
    /// Gives every parameter and buffer its hashed value, by `prefix` and path.
    @discardableResult
    public func filled(prefix: String) -> Self {
        let walk = ParameterWalk(self)
        for (path, parameter) in walk.parameters { parameter.assign(hashedParameter(prefix + path, parameter.shape)) }
        for (path, buffer) in walk.buffers { buffer.assign(hashedParameter(prefix + path, buffer.shape)) }
        return self
    }
}

/// Holds a module with hashed values against its case in a fixture: the output, the gradients of float inputs and of every
/// parameter that the fixture has, and the buffers afterwards; in training mode unless `isTraining` is false.
public func checkModule(
    _ module: some Module, _ name: String, in fixture: Fixture, inputs: [(name: String, value: Tensor)], isTraining: Bool = true,
    tolerance: Float = 1e-5, gradientTolerance: Float = 2e-5,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping ([Tensor]) -> Tensor
) {
    module.filled(prefix: name + ".")
    func run() -> ([Tensor], pullback: ([Tensor]) -> (Gradients, [Tensor?])) { valueWithPullback(of: inputs.map(\.value)) { [body($0)] } }
    let (outputs, pullback) = isTraining ? training { run() } : evaluating { run() }
    expectClose(outputs[0], fixture["\(name)/output"], tolerance: tolerance, "\(name) output", sourceLocation: sourceLocation)
    let (gradients, cotangents) = pullback([hashed(name + ".upstream", outputs[0].shape)])
    let known = Set(fixture.names)
    for (input, cotangent) in zip(inputs, cotangents) where input.value.elementType == .float32 {
        expectClose(
            cotangent ?? Tensor(0), fixture["\(name)/gradient/\(input.name)"], tolerance: gradientTolerance,
            "\(name) gradient \(input.name)", sourceLocation: sourceLocation)
    }
    let walk = ParameterWalk(module)
    for (path, parameter) in walk.parameters where known.contains("\(name)/gradient/\(path)") {
        expectClose(
            gradients[parameter] ?? Tensor(0), fixture["\(name)/gradient/\(path)"], tolerance: gradientTolerance, "\(name) gradient \(path)"
        )
    }
    for (path, buffer) in walk.buffers where known.contains("\(name)/\(path)") {
        expectClose(buffer.value, fixture["\(name)/\(path)"], tolerance: tolerance, "\(name) \(path)", sourceLocation: sourceLocation)
    }
}

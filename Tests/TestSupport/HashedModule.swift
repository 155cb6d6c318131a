public import ConcordLayers
public import ConcordTensors

/// A parameter or statistic of a size that keeps activations near 1, chosen by its name and shape, as
/// `hashed_parameter` in Tests/Fixtures/hashed.py.
public func hashedParameter(_ name: String, _ shape: [Int]) -> Tensor {
    if name.hasSuffix("running_var") { return hashed(name, shape, scale: 0.5) + 1 }
    if name.hasSuffix("running_mean") { return hashed(name, shape, scale: 0.1) }
    if shape.count >= 2 {
        return hashed(name, shape, scale: Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()))
    }
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

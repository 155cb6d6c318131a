public import ConcordTensors
public import Testing

/// Compares an operation's gradients with central differences: `max|a - b| <= tolerance max|b|` for each input.
///
/// The scalar is the output's product with fixed hashed weights, summed in double precision.
/// - Parameter step: half the distance of the two evaluations, for inputs of size about 1.
public func checkGradients(
    of inputs: Tensor..., tolerance: Float = 1e-3, step: Float = 1e-2,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping ([Tensor]) -> Tensor
) {
    let (outputs, pullback) = valueWithPullback(of: inputs) { [body($0)] }
    let weights = hashed("gradient check", outputs[0].shape)
    let cotangents = pullback([weights]).1
    func value(_ inputs: [Tensor]) -> Double {
        zip(body(inputs).scalars, weights.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    for (place, input) in inputs.enumerated() where input.elementType == .float32 {
        guard let cotangent = cotangents[place] else {
            Issue.record("input \(place) got no gradient", sourceLocation: sourceLocation)
            continue
        }
        #expect(cotangent.shape == input.shape, "input \(place)", sourceLocation: sourceLocation)
        let scalars = input.scalars
        let numeric = scalars.indices.map { i -> Float in
            var up = scalars, down = scalars
            up[i] += step
            down[i] -= step
            var (a, b) = (inputs, inputs)
            a[place] = Tensor(up, shape: input.shape)
            b[place] = Tensor(down, shape: input.shape)
            return Float((value(a) - value(b)) / Double(up[i] - down[i]))
        }
        expectClose(
            cotangent, Tensor(numeric, shape: input.shape), tolerance: tolerance, "input \(place)",
            sourceLocation: sourceLocation)
    }
}

/// `max|a - b| <= tolerance max|b|`, with the worst element in the message; NaN never passes.
public func expectClose(
    _ a: Tensor, _ b: Tensor, tolerance: Float = 1e-5, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard a.shape == b.shape else {
        Issue.record("\(what): shape \(a.shape), expected \(b.shape)", sourceLocation: sourceLocation)
        return
    }
    let (x, y) = (a.scalars, b.scalars)
    let bound = tolerance * (y.map(abs).max() ?? 0) + Float.leastNormalMagnitude
    guard let worst = x.indices.max(by: { difference(x[$0], y[$0]) < difference(x[$1], y[$1]) }) else { return }
    #expect(
        difference(x[worst], y[worst]) <= bound,
        "\(what): element \(worst) is \(x[worst]), expected \(y[worst]), bound \(bound)",
        sourceLocation: sourceLocation)
}

private func difference(_ a: Float, _ b: Float) -> Float {
    let d = abs(a - b)
    return a == b ? 0 : d.isNaN ? .infinity : d
}

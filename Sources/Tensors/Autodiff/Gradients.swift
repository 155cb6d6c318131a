/// The gradients of one loss, keyed by parameter, in the order in which the parameters were first used.
///
/// ```swift
/// let (loss, gradients) = valueWithGradient { objective(batch) }
/// let weight = gradients[layer.weight]                                  // the weight's shape
/// ```
public struct Gradients: Sendable {
    private var keys: [any AnyObject & Sendable] = []
    private var values: [Cotangent] = []
    private var places: [ObjectIdentifier: Int] = [:]

    package init() {}

    /// Number of parameters that got one.
    public var count: Int { keys.count }

    /// The gradient of a parameter, nil if the loss does not depend on it.
    public subscript(parameter: any AnyObject & Sendable) -> Tensor? { self.cotangent(of: parameter)?.dense }

    package func cotangent(of parameter: any AnyObject & Sendable) -> Cotangent? {
        places[ObjectIdentifier(parameter)].map { values[$0] }
    }

    /// Parameters and their gradients, in order.
    package var entries: [(parameter: any AnyObject & Sendable, cotangent: Cotangent)] {
        zip(keys, values).map { ($0, $1) }
    }

    package mutating func insert(_ cotangent: Cotangent, for key: any AnyObject & Sendable) {
        places[ObjectIdentifier(key)] = keys.count
        keys.append(key)
        values.append(cotangent)
    }

    mutating func reverse() {
        keys.reverse()
        values.reverse()
        for (i, key) in keys.enumerated() { places[ObjectIdentifier(key)] = i }
    }

    /// Adds another step's gradients, parameter by parameter.
    public mutating func add(_ other: Gradients) {
        for (key, value) in zip(other.keys, other.values) {
            if let place = places[ObjectIdentifier(key)] {
                var slot: Cotangent? = values[place]
                values[place] = .dense(Tensor(0))  // leaves the slot alone on its memory
                Cotangent.accumulate(value, into: &slot)
                if let slot { values[place] = slot }
            } else {
                insert(value, for: key)
            }
        }
    }

    /// The gradients of some parameters.
    package func filtered(_ isIncluded: (any AnyObject & Sendable) -> Bool) -> Gradients {
        var result = Gradients()
        for (key, value) in zip(keys, values) where isIncluded(key) { result.insert(value, for: key) }
        return result
    }

    /// Every gradient times `factor`.
    public func scaled(by factor: Float) -> Gradients {
        var result = self
        result.values = values.map { value in
            switch value {
            case .dense(let tensor): .dense(tensor * factor)
            case .rows(let rows):
                .rows(
                    RowGradient(
                        shape: rows.shape, contributions: rows.contributions.map { ($0.indices, $0.rows * factor) },
                        isCoalesced: rows.isCoalesced))
            }
        }
        return result
    }

    /// The same with each row of a table's gradient once.
    package var coalesced: Gradients {
        var result = self
        for (place, value) in values.enumerated() {
            if case .rows(let rows) = value { result.values[place] = .rows(rows.coalesced) }
        }
        return result
    }
}

/// What a scope may return for its gradient to be taken: something with one scalar.
public protocol LossValue {
    /// A scalar, of shape `[]`.
    var total: Tensor { get }
}

extension Tensor: LossValue {
    /// The tensor itself.
    public var total: Tensor { self }
}

/// Runs `body` in training mode on a new tape and differentiates the scalar that it returns.
///
/// - Parameters:
///   - step: with `seed` the key of all random choices in `body` (dropout, masks).
/// - Returns: the loss, now a constant, and the gradient of every parameter that it depends on.
/// - Precondition: the loss has one element.
public func valueWithGradient<L: LossValue, E: Error>(
    step: Int = 0, seed: UInt64 = 0, _ body: () throws(E) -> L
) throws(E) -> (L, Gradients) {
    let tape = Tape()
    defer { tape.end() }
    let value = try Context.with(
        {
            $0.tape = tape
            $0.isTraining = true
            $0.random = RandomSequence(key: RandomKey(seed: seed).derived("step", step))
        }, body)
    let total = value.total
    ShapeCheck.require(total.count == 1, "valueWithGradient", "the loss has shape \(total.shape); one element wanted")
    return (value, tape.pullback([(total, Tensor(ones: total.shape))]).0)
}

/// Runs `body` on a new tape and keeps it for one later pull of cotangents.
///
/// - Parameter inputs: values whose cotangents are wanted beside the parameters'; `body` gets them as recorded values.
/// - Returns: what `body` returns, and a function from its cotangents to the parameters' gradients and the inputs'
///   cotangents. It may be called once.
public func valueWithPullback<E: Error>(
    of inputs: [Tensor] = [], _ body: ([Tensor]) throws(E) -> [Tensor]
) throws(E) -> ([Tensor], pullback: ([Tensor]) -> (Gradients, [Tensor?])) {
    let tape = Tape()
    let recorded = inputs.map { tape.input($0) }
    let outputs: [Tensor]
    do { outputs = try Context.with({ $0.tape = tape }, { () throws(E) in try body(recorded) }) } catch {
        tape.end()
        throw error
    }
    return (
        outputs,
        { upstream in
            ShapeCheck.require(tape.isLive, "valueWithPullback", "the pullback was called a second time")
            ShapeCheck.require(
                upstream.count == outputs.count, "valueWithPullback",
                "\(upstream.count) cotangents for \(outputs.count) outputs")
            return tape.pullback(Array(zip(outputs, upstream)).map { ($0, upstream: $1) }, inputs: recorded)
        }
    )
}

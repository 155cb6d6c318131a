/// A tensor's node on the tape that recorded it.
package struct Trace: Sendable {
    package let tape: Tape
    package let node: Int
}

/// Takes the gradients of parameters one by one, while the backward pass goes on.
package protocol GradientSink: AnyObject {
    /// - Returns: whether the gradient is taken; else it is part of the pass's result.
    func take(_ gradient: Cotangent, for parameter: any AnyObject & Sendable) -> Bool
}

/// The operations of one scope in the order they ran: a flat array whose nodes refer to each other by index.
///
/// A tape belongs to the thread that opened its scope. First derivatives only: pullbacks run without a tape.
package final class Tape: @unchecked Sendable {
    /// From the cotangent of an output, of the output's element type, and which inputs want theirs, to the cotangents
    /// of the inputs, which the tape brings to the inputs' element types.
    ///
    /// `upstream` is the pullback's own: where nobody else holds its memory, a result may take that (`overwriting`).
    package typealias Pullback = (_ upstream: inout Tensor, _ needs: [Bool]) -> [Cotangent?]

    private struct Node {
        var inputs: [Int]
        var pullback: Pullback?
        var leaf: (any AnyObject & Sendable)?
        /// The value's, and so its cotangent's.
        let elementType: ElementType
        /// Operations that this value went into.
        var uses = 0
        /// Two bfloat16 cotangents add up rounded once; more of them do so in float32.
        var sumType: ElementType { uses > 2 ? .float32 : elementType }
        /// The operation's own name.
        var name: StaticString = ""
    }

    private var nodes: [Node] = []
    private var leaves: [ObjectIdentifier: Trace] = [:]
    /// A tape that records nothing but which parameters were read.
    private let isOnlyReading: Bool
    package private(set) var read: [(key: any AnyObject & Sendable, value: Tensor)] = []
    /// False once the scope ended: values that it recorded are constants.
    package private(set) var isLive = true

    package init(onlyReading: Bool = false) { isOnlyReading = onlyReading }

    /// The value of a parameter as an input of this tape.
    package func leaf(_ key: any AnyObject & Sendable, value: Tensor) -> Tensor {
        if isOnlyReading {
            if !read.contains(where: { $0.key === key }) { read.append((key, value)) }
            return value
        }
        let trace: Trace
        if let known = leaves[ObjectIdentifier(key)] {
            trace = known
        } else {
            nodes.append(Node(inputs: [], pullback: nil, leaf: key, elementType: value.elementType))
            trace = Trace(tape: self, node: nodes.count - 1)
            leaves[ObjectIdentifier(key)] = trace
        }
        return Tensor(shape: value.shape, elementType: value.elementType, storage: value.storage, trace: trace)
    }

    /// A value that nothing on the tape made, whose cotangent `valueWithPullback` asks for.
    func input(_ value: Tensor) -> Tensor {
        nodes.append(Node(inputs: [], pullback: nil, leaf: nil, elementType: value.elementType))
        return Tensor(
            shape: value.shape, elementType: value.elementType, storage: value.storage,
            trace: Trace(tape: self, node: nodes.count - 1))
    }

    func append(_ output: Tensor, inputs: [Int], name: StaticString, pullback: @escaping Pullback) -> Tensor {
        for input in inputs where input >= 0 { nodes[input].uses += 1 }
        nodes.append(Node(inputs: inputs, pullback: pullback, leaf: nil, elementType: output.elementType, name: name))
        return Tensor(
            shape: output.shape, elementType: output.elementType, storage: output.storage,
            trace: Trace(tape: self, node: nodes.count - 1))
    }

    /// Runs the tape backwards from `outputs` and ends it. Each node's memory goes as soon as its pullback ran.
    /// - Returns: the parameters' gradients, and the cotangents of `inputs`.
    func pullback(_ outputs: [(Tensor, upstream: Tensor)], inputs: [Tensor] = []) -> (Gradients, [Tensor?]) {
        var slots = [Cotangent?](repeating: nil, count: nodes.count)
        let kept = Set(inputs.compactMap { $0.trace?.node })
        for (output, upstream) in outputs {
            guard let trace = output.trace, trace.tape === self else { continue }
            Cotangent.accumulate(.dense(upstream), into: &slots[trace.node], as: nodes[trace.node].sumType)
        }
        var gradients = Gradients()
        let profiler = Context.current.profiler, sink = Context.current.gradientSink
        Context.with({
            $0.tape = nil
            $0.gradientSink = nil
        }) {
            while let node = nodes.popLast() {
                let index = nodes.count
                guard let cotangent = kept.contains(index) ? slots[index] : slots[index].take() else { continue }
                if let leaf = node.leaf {
                    let gradient = cotangent.cast(to: node.elementType)
                    if sink?.take(gradient, for: leaf) != true { gradients.insert(gradient, for: leaf) }
                }
                guard let pullback = node.pullback else { continue }
                let needs = node.inputs.map { $0 >= 0 }
                var upstream = (consume cotangent).cast(to: node.elementType).dense
                let results =
                    profiler.map { $0.pulling(node.name, &upstream, needs, pullback) } ?? pullback(&upstream, needs)
                ShapeCheck.require(
                    results.count == needs.count, "Tape",
                    "a pullback gave \(results.count) cotangents for \(needs.count) inputs")
                for (input, result) in zip(node.inputs, results) where input >= 0 {
                    if let result { Cotangent.accumulate(result, into: &slots[input], as: nodes[input].sumType) }
                }
            }
        }
        gradients.reverse()
        let cotangents = inputs.map { input in input.trace.flatMap { slots[$0.node]?.cast(to: input.elementType).dense }
        }
        end()
        return (gradients, cotangents)
    }

    func end() {
        isLive = false
        nodes = []
        leaves = [:]
        read = []
    }
}

extension Tensor {
    /// This value as the output of a recorded operation, if a tape is open and one of `inputs` is on it.
    /// - Parameters:
    ///   - pullback: gets the output's cotangent and which inputs need theirs; returns one an input, nil where not
    ///     needed.
    ///   - name: what a profile calls the operation.
    package func recorded(
        from inputs: Tensor..., name: StaticString = #function,
        pullback: @escaping (_ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        recorded(fromAll: inputs, name: name, pullback: pullback)
    }

    /// As `recorded(from:)`, for operations whose pullback may write over its upstream gradient.
    func recordedInPlace(
        fromGiven inputs: [Tensor?], name: StaticString = #function,
        pullback: @escaping (_ upstream: inout Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        let count = inputs.count  // the inputs themselves must not live as long as the pullback
        let places = inputs.indices.filter { inputs[$0] != nil }
        return recorded(inputs.compactMap(\.self), name: name) { upstream, needs in
            var wanted = [Bool](repeating: false, count: count)
            for (place, needed) in zip(places, needs) { wanted[place] = needed }
            let cotangents = pullback(&upstream, wanted)
            return places.map { cotangents[$0].map(Cotangent.dense) }
        }
    }

    /// Memory for a pullback's result: that of `upstream` where nobody else holds it and it has the size, else new.
    static func overwriting(_ upstream: inout Tensor, shape: [Int], _ type: ElementType) -> Tensor {
        guard upstream.elementType == type, upstream.count == shape.reduce(1, *),
            isKnownUniquelyReferenced(&upstream.storage)
        else { return Tensor(uninitialized: shape, type) }
        return Tensor(shape: shape, elementType: type, storage: upstream.storage)
    }

    package func recorded(
        fromAll inputs: [Tensor], name: StaticString = #function,
        pullback: @escaping (_ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        recorded(inputs, name: name) { upstream, needs in pullback(upstream, needs).map { $0.map(Cotangent.dense) } }
    }

    /// As `recorded(from:)`, for operations whose cotangent touches few rows of an input.
    package func recorded(
        _ inputs: [Tensor], name: StaticString = #function, cotangents pullback: @escaping Tape.Pullback
    ) -> Tensor {
        Profile.mark(Profiler.name(name), bytes: inputs.reduce(storage.bytes) { $0 + $1.storage.bytes })
        guard let tape = Context.current.tape else { return self }
        var isRecorded = false
        let indices = inputs.map { input in
            guard let trace = input.trace, trace.tape.isLive else { return -1 }
            guard trace.tape === tape else {
                ShapeCheck.fail(
                    "Tape",
                    """
                    a tensor \(input.shape) recorded by an outer scope is used in an inner one; pass it through \
                    `detached`
                    """
                )
            }
            isRecorded = true
            return trace.node
        }
        return isRecorded ? tape.append(self, inputs: indices, name: name, pullback: pullback) : self
    }

    /// Whether an open tape on this thread wants this value's history: layers that can skip work ask.
    package var isRecorded: Bool { trace.map { $0.tape.isLive && $0.tape === Context.current.tape } ?? false }
}

extension Tensor {
    /// As `recorded(from:)`, for operations some of whose inputs may be absent: an absent one needs no gradient.
    package func recorded(
        fromGiven inputs: [Tensor?], name: StaticString = #function,
        pullback: @escaping (_ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        recordedInPlace(fromGiven: inputs, name: name) { upstream, needs in pullback(upstream, needs) }
    }
}

/// Computes `body` without storing its intermediate values: the backward pass computes them again.
///
/// ```swift
/// let y = checkpointed(x) { block($0, mask: mask) }
/// ```
///
/// Of each part checkpointed so, a tape keeps its input alone; one part's activations exist at a time. It costs another
/// forward pass of `body`. Random choices are the same the second time, and buffers (running statistics) are updated
/// the first time only. In a chain of such parts gradients have the same bits as without; where a value is used in a
/// part and beside it, its cotangents are added up in another order. Without a tape it is `body` alone.
/// - Parameters:
///   - inputs: every recorded value that `body` takes.
///   - body: a function of its arguments and of parameters, which get their gradients as otherwise.
/// - Precondition: `body` uses no recorded value but its arguments.
/// - Source: Chen, Xu, Zhang, Guestrin 2016, arXiv:1604.06174, section 4.
public func checkpointed(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> Tensor) -> Tensor {
    guard let tape = Context.current.tape else { return body(inputs) }
    let kept = inputs.map { SavedForBackward($0) }
    var context = Context.current
    context.tape = nil
    let values = context.values
    let reading = Tape(onlyReading: true)
    let output = Context.with({ $0.tape = reading }) {
        (value: body(inputs.map(\.detached)), random: Context.current.random)
    }
    Context.current.random = output.random
    let parameters = reading.read.map(\.key), leaves = reading.read.map { tape.leaf($0.key, value: $0.value) }
    reading.end()
    return output.value.recorded(inputs + leaves) { upstream, needs in
        let constants = kept.map(\.value), wanted = constants.indices.filter { needs[$0] }
        context.isInRegion = Context.current.isInRegion
        context.values = ParameterValues(over: values)
        let (_, pullback) = Context.with({ $0 = context }) {
            valueWithPullback(of: wanted.map { constants[$0] }) { recorded in
                var arguments = constants
                for (place, value) in zip(wanted, recorded) { arguments[place] = value }
                return [body(arguments)]
            }
        }
        let (gradients, found) = pullback([upstream])
        var cotangents = [Cotangent?](repeating: nil, count: constants.count)
        for (place, cotangent) in zip(wanted, found) { cotangents[place] = cotangent.map(Cotangent.dense) }
        return cotangents + parameters.map { gradients.cotangent(of: $0) }
    }
}

/// The same for one input.
/// - Parameter isWanted: false runs `body` without checkpointing.
public func checkpointed(_ input: Tensor, when isWanted: Bool = true, _ body: @escaping (Tensor) -> Tensor) -> Tensor {
    isWanted ? checkpointed([input]) { body($0[0]) } : body(input)
}

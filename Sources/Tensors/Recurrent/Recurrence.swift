/// What GRU and LSTM have in common: sizes, checks, and the loop in which each thread takes its own samples through all
/// steps, so that a sequence is one parallel loop and no step waits for another thread.
struct Recurrence {
    let samples, steps, hidden, gates: Int
    let mask: Tensor?

    /// - Parameters:
    ///   - inputs: `[N, T, gates * H]`; weight: `[gates * H, H]`; mask: `[N, T]` uint8.
    init(_ inputs: Tensor, weight: Tensor, mask: Tensor?, gates: Int, in operation: String) {
        ShapeCheck.rank(inputs, 3, "[N, T, \(gates)H]", in: operation)
        ShapeCheck.require(
            weight.rank == 2 && weight.shape[0] == inputs.shape[2] && weight.shape[0] == gates * weight.shape[1],
            operation,
            "\(inputs.shape) with weight \(weight.shape): [N, T, \(gates)H] and [\(gates)H, H] wanted")
        (samples, steps, hidden) = (inputs.shape[0], inputs.shape[1], weight.shape[1])
        if let mask {
            ShapeCheck.require(
                mask.shape == [samples, steps] && mask.elementType == .uint8, operation,
                "mask \(mask.elementType) \(mask.shape), uint8 \([samples, steps]) wanted")
        }
        (self.gates, self.mask) = (gates, mask?.detached)
    }

    var columns: Int { gates * hidden }
    /// Of the states' part of the gates in all steps; each of the two gradients has as many.
    var multiplyAdds: Int { samples * steps * columns * hidden }
    var outputShape: [Int] { [samples, steps, hidden] }

    /// Runs `body` over disjoint runs of samples.
    func run(_ body: (_ rows: Range<Int>) -> Void) {
        guard steps > 0, hidden > 0 else { return }
        Parallel.run(samples, grain: max(1, 200_000 / max(1, steps * columns * hidden)), body)
    }

    /// The state's part of the gates, `[rows, gates * H]`.
    /// - Parameter weight: transposed, `[H, gates * H]`.
    func project(
        _ rows: Int, _ state: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
        into gates: UnsafeMutablePointer<Float>
    ) {
        GEMM.serial(rows, columns, hidden, 1, state, hidden, false, weight, columns, false, 0, gates, columns)
    }

    /// Adds the state's gradient from the gates' gradients `[rows, gates * H]`.
    /// - Parameter weight: `[gates * H, H]`.
    func pull(
        _ rows: Int, _ gates: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
        into carry: UnsafeMutablePointer<Float>
    ) {
        GEMM.serial(rows, hidden, columns, 1, gates, columns, false, weight, hidden, false, 1, carry, hidden)
    }

    /// The gradient of some of the recurrent weight's rows: one GEMM over all steps of all samples.
    /// - Parameters:
    ///   - count: rows of the weight.
    ///   - gradients: of their gates in all steps, `stride` apart.
    ///   - states: those before each step, `savedWidth` apart.
    func weightGradient(
        _ count: Int, _ gradients: UnsafePointer<Float>, stride: Int, _ states: UnsafePointer<Float>, savedWidth: Int,
        into weight: UnsafeMutablePointer<Float>
    ) {
        MultiplyAdds.count(.recurrent, count * hidden * samples * steps)
        GEMM.multiply(
            m: count, n: hidden, k: samples * steps, gradients, lda: stride, transposeA: true, states, ldb: savedWidth,
            weight, ldc: hidden)
    }
}

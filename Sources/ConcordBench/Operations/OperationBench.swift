import Concord

/// Times operations against the machine's limits.
struct OperationBench {
    let peak: PeakRate
    let bandwidth: Double
    let repeats: Int
    private(set) var measurements: [OperationTimings] = []

    init(peak: PeakRate, bandwidth: Double, repeats: Int) {
        (self.peak, self.bandwidth, self.repeats) = (peak, bandwidth, repeats)
    }

    mutating func time(
        _ operation: String, _ pass: String = "forward", _ shape: String, _ floor: Floor, _ body: () throws -> Void
    ) rethrows {
        add(operation, pass, shape, floor, try Timing.of(repeats: repeats, warmups: 2, body))
    }

    /// The forward pass without a tape, then the backward pass alone.
    mutating func time(
        _ operation: String, _ shape: String, forward: Floor, backward: Floor, of inputs: [Tensor],
        _ body: ([Tensor]) -> Tensor
    ) {
        time(operation, "forward", shape, forward) { _ = training { body(inputs) } }
        var seconds: [Double] = []
        for run in 0..<repeats + 2 {
            let (outputs, pullback) = training { valueWithPullback(of: inputs) { [body($0)] } }
            let upstream = outputs.map { Tensor(ones: $0.shape) }
            let took = Timing.seconds { _ = pullback(upstream) }
            if run >= 2 { seconds.append(took) }
        }
        add(operation, "backward", shape, backward, Timing(seconds))
    }

    private mutating func add(_ operation: String, _ pass: String, _ shape: String, _ floor: Floor, _ timing: Timing) {
        let (seconds, limit) = floor.seconds(peak, bandwidth: bandwidth)
        measurements.append(
            OperationTimings(
                operation: operation, pass: pass, shape: shape, medianS: timing.median, floorS: seconds,
                efficiency: seconds / timing.median,
                limit: limit))
    }
}

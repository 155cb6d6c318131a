import ConcordCommunication
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// What a trainer does with the others that train the same objective.
extension Trainer {
    /// Of a batch that this process has as a whole.
    func wholeGradient(of input: O.Input, number: Int) throws -> (Loss, Gradients) {
        var (loss, gradients) =
            try state.microbatch.map {
                try valueWithGradient(of: objective, input, microbatch: $0, step: number, seed: state.seed)
            } ?? valueWithGradient(step: number, seed: state.seed) { objective(input) }
        // Every rank has computed it: together they count once.
        if !ranks.isAlone { gradients = gradients.scaled(by: 1 / Float(ranks.count)) }
        return (loss, gradients)
    }

    /// Of this rank's shard of a batch.
    func shareGradient(of input: O.Input, number: Int) throws -> (Loss, Gradients) {
        try valueWithGradient(
            of: objective, share: input, microbatch: state.microbatch, ranks: ranks,
            synchronizingBatchNorm: settings.synchronizesBatchNorm, contrast: settings.contrast, step: number, seed: state.seed)
    }

    /// The signal that ends the run, and whether a checkpoint is wanted: those of any rank.
    func signals() -> (stop: Int32?, isCheckpointWanted: Bool) {
        let own = [Double(StopSignals.pending ?? 0), StopSignals.takeCheckpointRequest() ? 1 : 0]
        let all = ranks.largest(own)
        return (all[0] > 0 ? Int32(all[0]) : nil, all[1] > 0)
    }

    /// Rank 0's evaluation: by it all go on alike, whatever rounding there is between machines.
    func agreed(_ evaluation: [Metric]) -> [Metric] {
        guard !ranks.isAlone else { return evaluation }
        let values = evaluation.map(\.value)
        let bytes = ranks.broadcast(values.withUnsafeBytes { Array($0) })
        let first = bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
        ShapeCheck.require(
            first.count == evaluation.count, "Trainer", "\(evaluation.count) metrics, \(first.count) on rank 0")
        return zip(evaluation, first).map { metric, value in
            Metric(metric.name, value, isBetter: metric.isBetter)
        }
    }
}

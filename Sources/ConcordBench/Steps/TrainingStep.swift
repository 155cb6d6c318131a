import Concord

/// A workload with its optimizer: forward, loss, backward, AdamW.
struct TrainingStep {
    let workload: any Workload
    private let precision: Precision
    private let optimizer = AdamW(
        learningRate: 1e-4, weightDecay: 0.1, groups: [ParameterGroup(matching: "*", weightDecay: 0.1)])

    /// - Parameter dump: weights and inputs of PyTorch; random ones where nil.
    init(_ type: any Workload.Type, _ precision: Precision, dump: Safetensors? = nil) throws {
        self.precision = precision
        workload = try type.init(StepInputs(dump: dump))
        guard let dump else {
            workload.model.initialize(seed: 0)
            return
        }
        try workload.model.load(dump) { key in
            key.hasPrefix("model.") ? type.ownName(String(key.dropFirst("model.".count))) : nil
        }
    }

    /// - Returns: the loss before the update.
    func run() throws -> Float {
        let (loss, gradients) = withPrecision(precision) { valueWithGradient { workload.loss() } }
        try optimizer.update(workload.model, with: gradients)
        Profile.mark("AdamW", bytes: 4 * 7 * workload.model.parameterCount)
        return loss.item
    }
}

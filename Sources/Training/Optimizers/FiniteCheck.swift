import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Finds out what went wrong when a loss or a gradient is not finite.
enum FiniteCheck {
    /// The error for a step: the part of the loss, and the first parameter whose value, or else whose gradient, is not
    /// finite.
    static func diagnosis(
        step: Int, _ mean: MeanLoss, of module: some Module, _ gradients: Gradients
    ) -> TrainingError {
        let loss = mean.total, part = (mean.parts + mean.metrics).first { !$0.value.isFinite }
        var message = loss.isFinite ? "the gradient is not finite, the loss is \(loss)" : "the loss is \(named(loss))"
        if let part { message += ", its part \"\(part.name)\" is \(named(part.value))" }
        let parameters = ParameterWalk(module).parameters
        var culprit: String?
        if let (path, _) = parameters.first(where: { !$0.parameter.stored.isFinite }) {
            culprit = "the value of \(path)"
        } else if let (path, _) = parameters.first(where: { gradients[$0.parameter].map { !$0.isFinite } ?? false }) {
            culprit = "the gradient of \(path)"
        }
        return .notFinite(step: step, loss: message, culprit: culprit)
    }

    /// The sign bit of a NaN is meaningless.
    private static func named(_ value: Float) -> String { value.isNaN ? "NaN" : "\(value)" }
}

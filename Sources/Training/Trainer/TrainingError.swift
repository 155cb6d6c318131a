/// An error in training caused by data, settings or files.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// Parameters of these shapes got a gradient, but no walk over the module finds them.
    case unregistered(shapes: [[Int]], module: String)
    /// A path pattern matches no parameter.
    case noMatch(pattern: String, purpose: String, nearest: String?)
    /// Every parameter is frozen.
    case nothingToTrain(count: Int)
    /// No module has layers in an order for the learning rate to decay by.
    case noLayers(module: String)
    /// A saved optimizer state does not fit.
    case optimizerState(String)
    /// The loss, a value or a gradient is NaN or infinite.
    case notFinite(step: Int, loss: String, culprit: String?)
    /// There is a run already where a new one was to start.
    case runExists(path: String)
    /// A checkpoint was written under another setting, so that resuming it would not repeat the run.
    case otherSetting(checkpoint: String, setting: String, saved: String, now: String)
    /// A checkpoint's file is incomplete or invalid.
    case brokenCheckpoint(path: String, reason: String)
    /// The metric that the best checkpoint is chosen by did not come out of the evaluation.
    case noSuchMetric(name: String, known: [String])
    /// Ranks found different newest checkpoints.
    case ranksDisagree(directory: String, step: Int, other: Int)
    /// The system refused to write.
    case cannotWrite(path: String, reason: String)

    /// One line for people, with what to change.
    public var description: String {
        switch self {
        case .unregistered(let shapes, let module):
            "a parameter of shape \(shapes.map { "\($0)" }.joined(separator: ", ")) got a gradient but is not stored "
                + "in \(module) "
                + "as a property, optional or array of modules: no optimizer step or checkpoint would reach it"
        case .noMatch(let pattern, let purpose, let nearest):
            "pattern \"\(pattern)\" of \(purpose) matches no parameter"
                + (nearest.map { "; " + Self.hint($0, for: pattern) } ?? "")
        case .nothingToTrain(let count):
            count == 0
                ? "the objective has no parameter to train"
                : "all \(count) parameters are frozen: nothing to train; freeze fewer of them (freeze)"
        case .noLayers(let module):
            "no encoder of \(module) has an order of layers for the learning rate to decay by; leave layer decay out "
                + "(optimizer.layer_decay), "
                + "or conform the encoder to LayeredModule"
        case .optimizerState(let reason):
            "the optimizer's saved state does not fit: \(reason); the checkpoint belongs to another model or optimizer"
        case .notFinite(let step, let loss, let culprit):
            "step \(step): \(loss); "
                + (culprit.map { "first not finite: \($0)" }
                    ?? "all parameters and gradients are finite, look at the batch")
                + "; try a lower learning rate (optimizer.learning_rate), a longer warm-up (schedule.warmup) or "
                + "clipping "
                + "(optimizer.clip)"
        case .runExists(let path): "\(path) holds an earlier run: resume it, or train into another directory"
        case .otherSetting(let checkpoint, let setting, let saved, let now):
            """
            \(checkpoint) was written with \(setting) \(saved), this run has \(now): set it back, or start a new \
            run from its weights
            """
        case .brokenCheckpoint(let path, let reason): "\(path): \(reason)"
        case .noSuchMetric(let name, let known):
            "no metric \"\(name)\" to choose the best checkpoint or to stop by: "
                + (known.isEmpty ? "there is no evaluation" : "the evaluation gave \(known.joined(separator: ", "))")
        case .ranksDisagree(let directory, let step, let other):
            "\(directory): one rank finds a checkpoint of step \(step), another of step \(other); all of them have "
                + "to see the same run directory (a shared file system)"
        case .cannotWrite(let path, let reason): "\(path): cannot write: \(reason)"
        }
    }
    /// Patterns match whole paths; a prefix needs `.*` at its end.
    private static func hint(_ nearest: String, for pattern: String) -> String {
        let stem = pattern.hasSuffix(".") ? String(pattern.dropLast()) : pattern
        return nearest == stem ? "all below it are \"\(stem).*\"" : "the nearest path is \"\(nearest)\""
    }
}

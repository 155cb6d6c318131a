/// How a run ended that did not fail.
public enum TrainingEnd: Sendable, Equatable {
    /// All steps were made.
    case finished
    /// The evaluation had not improved for as many evaluations as `EarlyStopping` allows; a checkpoint of this step is
    /// written.
    case stoppedEarly(step: Int)
    /// SIGINT, SIGTERM or SIGHUP came: the step under way was finished and, with `checkpoints`, saved. A program exits
    /// with 128 + the signal's number.
    case interrupted(signal: Int32)
}

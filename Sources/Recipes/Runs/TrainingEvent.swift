public import ConcordEvaluation
public import ConcordTraining

/// What happens in a ``TrainingSession`` besides its steps.
public enum TrainingEvent: Sendable {
    /// A fact about data, texts or initial weights, in a sentence: how rows are held out, which tensors were taken
    /// over.
    case fact(String)
    /// What may not be meant, in a sentence.
    case note(String)
    /// Training is about to start.
    case start(TrainingStart)
    /// A run goes on from its last checkpoint.
    case resumed(step: Int)
    /// A resumed run goes on to another length; in words, what that changes.
    case lengthChange(String)
    /// What the model does before its first step, for models that are judged by probes.
    case untrained(EvaluationReport)
    /// Samples that could not be read were replaced by others; `first` says which one, and why.
    case unreadableSamples(count: Int, first: String)
    /// The metric has not improved for as many evaluations as `patience`.
    case stoppedEarly(step: Int, metric: String, patience: Int)
    /// The evaluation of the trained model.
    case evaluated(EvaluationReport)
    /// What the run has cost so far, from its start to now, the last evaluation included; `cost.json` of the run
    /// directory has the same.
    case cost(RunCost)
    /// All is written to the run directory.
    case finished(directory: String)
    /// A signal ended the run, whose last checkpoint is of this step.
    case interrupted(step: Int)
}

/// What a run is about to do.
public struct TrainingStart: Sendable {
    /// What there is to train on, for people: `400 samples to train on, 57 held out`.
    public let data: String
    /// Batches in an epoch.
    public let stepsPerEpoch: Int
    /// Elements of all parameters.
    public let parameterCount: Int
    /// What activations and matmuls are in, and why.
    public let precision: RunPrecision
    /// Threads that compute.
    public let threads: Int
    /// What multiplies matrices: `OpenBLAS`.
    public let products: String
    /// Processes that train together, those of this one's machine, and the library between them: `Open MPI v4.1.4`.
    public let ranks: Int, ranksOfHost: Int, library: String
}

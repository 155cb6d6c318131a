import ConcordCommunication
import ConcordTensors

/// The settings of a trainer besides its objective and optimizer.
struct TrainerSettings {
    let schedule: Schedule
    let clip: Double?
    let checkpoints: Checkpoints?
    let metrics: String?
    let evaluation: EvaluationHook?
    let earlyStopping: EarlyStopping?
    let progress: ProgressMeter.Style
    /// Whether this process writes the run's files.
    let isWriter: Bool
    let synchronizesBatchNorm: Bool
    let contrast: ContrastForm
    /// Whether the optimizer's state is divided among ranks.
    let shardsOptimizer: Bool
    let catchesSignals: Bool
    let precision: Precision
}

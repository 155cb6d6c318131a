import ConcordTensors

/// What a trainer was told besides its objective and optimizer.
struct TrainerSettings {
    let schedule: Schedule
    let clip: Double?
    let checkpoints: Checkpoints?
    let metrics: String?
    let evaluation: EvaluationHook?
    let earlyStopping: EarlyStopping?
    let progress: ProgressMeter.Style
    let catchesSignals: Bool
    let precision: Precision
}

import ConcordCommunication
public import ConcordTensors

/// The precision of a run, and why it is that one.
public struct RunPrecision: Sendable, Equatable, CustomStringConvertible {
    /// What the run's recipe says; the run keeps it for as long as it is resumed.
    public let recorded: Precision
    /// What this process computes in: float32 where the processor has no instructions for what is recorded.
    public let computed: Precision
    /// Why it is the recorded one: `auto: native here`.
    public let reason: String

    /// `bfloat16 (auto: native here)`.
    public var description: String {
        computed == recorded ? "\(computed) (\(reason))" : "\(computed) in place of \(recorded) (not native here)"
    }

    /// Of a run that is about to start or to go on. Ranks start a run alike: in bfloat16 only where it is the fastest
    /// on each.
    init(of setting: PrecisionSetting, isResumed: Bool, ranks: Communicator) {
        let isFloat32Somewhere = setting == .auto && ranks.largest([Precision.fastest == .float32 ? 1 : 0]) == [1]
        switch setting {
        case .auto where isFloat32Somewhere && Precision.fastest == .bfloat16:
            (recorded, reason) = (.float32, "auto: not native on every rank")
        case .auto:
            (recorded, reason) = (.fastest, "auto: \(Precision.reasonForFastest)")
        case .float32, .bfloat16:
            (recorded, reason) = (setting.resolved, isResumed ? "as the run was started" : "as the recipe says")
        }
        computed = recorded.available
    }
}

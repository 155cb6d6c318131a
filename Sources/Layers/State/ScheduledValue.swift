import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A setting that changes over a run: a temperature, a momentum, the weight of an objective.
///
///     f = updates made / updates of the run
///     f < warmUp:   start f / warmUp
///     else:         p = min(1, (f - warmUp) / (until - warmUp))
///     linear:       start + (end - start) p
///     cosine:       end + (start - end) (1 + cos(pi p)) / 2
///
/// ```swift
/// let temperature = ScheduledValue.linear(from: 0.04, to: 0.07, until: 0.3)
/// temperature.value(after: 150, of: 1000)                               // 0.055
/// ```
/// It is a function of progress alone, so that a resumed run continues it exactly.
public struct ScheduledValue: Sendable, Equatable, CustomStringConvertible {
    /// The curve after the warm-up.
    public enum Form: String, Sendable, CaseIterable {
        /// The same value to the end.
        case constant
        /// A straight line.
        case linear
        /// Half a cosine.
        case cosine
    }

    /// The curve after the warm-up.
    public let form: Form
    /// The value after the warm-up, and that of the end.
    public let start, end: Double
    /// The fraction of the run after which the end is reached, in (0, 1].
    public let until: Double
    /// The fraction of the run over which the value rises from 0 to `start`, in [0, 1].
    public let warmUp: Double

    /// - Parameters:
    ///   - form: the curve after the warm-up.
    ///   - start, end: the value after the warm-up, and that of the end.
    ///   - until: the fraction of the run after which the end is reached, in (0, 1].
    ///   - warmUp: the fraction of the run over which the value rises from 0 to `start`, in [0, 1].
    public init(_ form: Form, from start: Double, to end: Double, until: Double = 1, warmUp: Double = 0) {
        ShapeCheck.require(
            until > 0 && until <= 1 && (0...1).contains(warmUp), "ScheduledValue",
            "until \(until) and warm-up \(warmUp) must be fractions of a run")
        (self.form, self.start, self.end) = (form, start, form == .constant ? start : end)
        (self.until, self.warmUp) = (until, warmUp)
    }

    /// One value after the warm-up.
    public static func constant(_ value: Double, warmUp: Double = 0) -> ScheduledValue {
        ScheduledValue(.constant, from: value, to: value, warmUp: warmUp)
    }

    /// A straight line from one value to another, which stays from the fraction `until` of the run on.
    public static func linear(
        from start: Double, to end: Double, until: Double = 1, warmUp: Double = 0
    ) -> ScheduledValue { ScheduledValue(.linear, from: start, to: end, until: until, warmUp: warmUp) }

    /// Half a cosine from one value to another, which stays from the fraction `until` of the run on.
    public static func cosine(
        from start: Double, to end: Double, until: Double = 1, warmUp: Double = 0
    ) -> ScheduledValue { ScheduledValue(.cosine, from: start, to: end, until: until, warmUp: warmUp) }

    /// The value of the first batch.
    public var initial: Double { warmUp > 0 ? 0 : start }

    /// Whether it is one value for the whole run.
    public var isConstant: Bool { warmUp == 0 && start == end }

    /// The value of the batch that follows `step` updates.
    /// - Parameters:
    ///   - step: updates made so far, 0 for the first batch.
    ///   - total: updates that the run will have; nil where it has no end: the value is `start` then.
    public func value(after step: Int, of total: Int?) -> Double {
        guard let total, total > 0 else { return start }
        let fraction = Double(max(0, step)) / Double(total)
        if fraction < warmUp { return start * fraction / warmUp }
        let progress = until > warmUp ? min(1, (fraction - warmUp) / (until - warmUp)) : 1
        switch form {
        case .constant: return start
        case .linear: return start + (end - start) * progress
        case .cosine: return end + (start - end) * (1 + cos(.pi * progress)) / 2
        }
    }

    public var description: String {
        let curve = form == .constant ? "\(start)" : "\(form.rawValue) from \(start) to \(end)"
        return curve + (until < 1 ? " until \(until)" : "") + (warmUp > 0 ? " after a warm-up of \(warmUp)" : "")
    }
}

/// The current value of a ``ScheduledValue``, in a buffer that follows the updates.
///
/// ```swift
/// let temperature = ScheduledScalar(.cosine(from: 0.2, to: 0.1))
/// let logits = cosines / temperature.value
/// ```
/// It is in checkpoints. A run that is resumed has it bit for bit, whatever the number of microbatches.
public final class ScheduledScalar: UpdateObserver {
    /// What the value follows.
    public let schedule: ScheduledValue
    private let current: Buffer

    public var checkpointNames: [String: String] { ["current": ""] }

    /// - Parameter schedule: what the value follows.
    public init(_ schedule: ScheduledValue) {
        self.schedule = schedule
        current = Buffer(Tensor(Float(schedule.initial)), underMicrobatches: .last)
    }

    /// The value for the batch at hand.
    public var value: Float { current.value.item }

    public func parametersDidInitialize() {}

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        current.assign(Tensor(Float(schedule.value(after: progress.step, of: progress.total))))
    }
}

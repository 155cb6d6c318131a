#if canImport(Glibc)
    import Glibc
#endif

/// The learning rate over time, as a factor of the optimizer's own.
///
/// All three rise linearly at first: `(step + 1) / warmup` for the steps `0 ..< warmup`.
///
/// ```swift
/// let schedule = Schedule.cosine(warmup: 500, total: 20_000)
/// schedule.factor(at: 0)                                                // 0.002
/// ```
public struct Schedule: Sendable, Equatable {
    private enum Form { case cosine, linear, constant }

    private let form: Form
    private let warmup: Int
    private let floor: Double
    /// The number of steps until the schedule ends; nil where it has no end.
    public let total: Int?

    /// Half a cosine: `floor + (1 - floor) (1 + cos(pi (step - warmup) / (total - warmup))) / 2`, and `floor` after it.
    /// - Source: Loshchilov, Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
    public static func cosine(warmup: Int = 0, total: Int, floor: Double = 0) -> Schedule {
        Schedule(form: .cosine, warmup: warmup, floor: floor, total: total)
    }

    /// A straight line: `1 - (1 - floor) (step - warmup) / (total - warmup)`, and `floor` after it.
    public static func linear(warmup: Int = 0, total: Int, floor: Double = 0) -> Schedule {
        Schedule(form: .linear, warmup: warmup, floor: floor, total: total)
    }

    /// 1 after the warm-up.
    public static func constant(warmup: Int = 0) -> Schedule {
        Schedule(form: .constant, warmup: warmup, floor: 1, total: nil)
    }

    /// The factor of update number `step`, counted from 0; in [0, 1].
    public func factor(at step: Int) -> Double {
        if step < warmup { return Double(step + 1) / Double(warmup) }
        guard let total else { return 1 }
        let progress = min(1, Double(step - warmup) / Double(max(1, total - warmup)))
        switch form {
        case .cosine: return floor + (1 - floor) * 0.5 * (1 + cos(.pi * progress))
        case .linear: return 1 - (1 - floor) * progress
        case .constant: return 1
        }
    }
}

public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A module's values averaged over updates: a target network, or weights to evaluate with.
///
///     average = m average + (1 - m) parameter          after every update
///
/// Before the first update the average is the module's own values. There is one buffer for each parameter and each
/// float buffer of the module, under the module's path: `target.conv1.weight`.
///
/// ```swift
/// let online = ResNet(depth: 18)
/// let target = MovingAverage(of: online, momentum: .cosine(from: 0.996))
/// let keys = target { $0(views) }                                       // [N, D], constants
/// ```
/// - Source: He et al. 2020, arXiv:1911.05722, eq. 2 (MoCo); Grill et al. 2020, arXiv:2006.07733, section 3.1 (BYOL).
public final class MovingAverage<M: Module>: UpdateObserver {
    /// What becomes of the module's buffers, such as running statistics.
    public enum Buffers: Sendable {
        /// The average has its own, which move when it is computed in training mode: a target network, as in MoCo and
        /// BYOL.
        case own
        /// Running statistics (`Buffer.Merge.mean`) are averaged like parameters, and other buffers, such as queues,
        /// are not part of the average: weights to evaluate with.
        case averaged
    }

    /// How much of the average stays at an update.
    public let momentum: Momentum
    /// What becomes of the module's buffers.
    public let buffers: Buffers
    private let values: [AveragedValue]
    /// Updates averaged so far.
    private let updates = Buffer(Tensor([Int32(0)], shape: []), underMicrobatches: .last)
    /// A closure, so that the walk does not find the module here a second time.
    private let module: @Sendable () -> M

    public var checkpointNames: [String: String] { ["values": ""] }

    /// - Parameter module: is not owned by the average: an objective stores both.
    public init(of module: M, momentum: Momentum = .constant(0.999), buffers: Buffers = .own) {
        let walk = ParameterWalk(module)
        values =
            walk.parameters.map { AveragedValue($0.path, of: .parameter($0.parameter)) }
            + walk.buffers.filter { buffers == .own || $0.buffer.merge == .mean }.map {
                AveragedValue($0.path, of: .buffer($0.buffer))
            }
        self.momentum = momentum
        self.buffers = buffers
        self.module = { module }
    }

    /// Runs `body` with the averaged values in place of the module's own, as constants.
    public func callAsFunction<R, E: Error>(_ body: (M) throws(E) -> R) throws(E) -> R {
        let substituted = ParameterValues(over: Context.current.values)
        for value in values { value.substitute(in: substituted) }
        let outer = Context.current.values
        let result = try detached { () throws(E) -> R in
            try Context.with({ $0.values = substituted }) { () throws(E) -> R in try body(module()) }
        }
        // Running statistics that the body moved belong to the average, and to what surrounds it.
        for value in values { Context.with({ $0.values = outer }) { value.keepBuffer(of: substituted) } }
        return result
    }

    /// The averaged value of a parameter or buffer, nil for one that is not the module's.
    public subscript(_ path: String) -> Tensor? { values.first { $0.name == path }?.average.stored }

    public func parametersDidInitialize() {
        guard updates.stored.integerScalars[0] == 0 else { return }
        for value in values { value.copy() }
    }

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        let momentum = momentum.value(at: progress)
        for value in values where value.isParameter || buffers == .averaged { value.move(Float(momentum)) }
        updates.assign(Tensor([updates.stored.integerScalars[0] &+ 1], shape: []))
    }
}

/// How much of an average stays at an update.
public enum Momentum: Sendable, Equatable {
    /// In [0, 1]; 0 copies the parameters, 1 never moves.
    case constant(Double)
    /// `1 - (1 - start) (1 + cos(pi step / total)) / 2`, from `start` to 1 over the run; `start` where the run has no
    /// end.
    /// - Source: Grill et al. 2020, arXiv:2006.07733, section 3.2.
    case cosine(from: Double)
    /// Any other schedule, within [0, 1].
    case scheduled(ScheduledValue)

    /// The momentum of the update that was just made.
    public func value(at progress: TrainingProgress) -> Double {
        switch self {
        case .constant(let value): return value
        case .cosine(let start):
            guard let total = progress.total, total > 0 else { return start }
            let fraction = min(1, Double(max(0, progress.step - 1)) / Double(total))
            return 1 - (1 - start) * (1 + cos(.pi * fraction)) / 2
        case .scheduled(let schedule): return schedule.value(after: progress.step - 1, of: progress.total)
        }
    }
}

/// The average of one parameter or buffer, under its path.
final class AveragedValue: NamedModule {
    enum Source: Sendable {
        case parameter(Parameter)
        case buffer(Buffer)
    }

    let name: String
    let average: Buffer
    /// A closure, so that the walk does not find the parameter here.
    private let source: @Sendable () -> Source
    let isParameter: Bool

    var checkpointNames: [String: String] { ["average": ""] }

    init(_ path: String, of source: Source) {
        name = path
        self.source = { source }
        switch source {
        case .parameter(let parameter):
            average = Buffer(Tensor(zeros: parameter.shape), underMicrobatches: .last)
            isParameter = true
        case .buffer(let buffer):
            average = Buffer(buffer.stored, underMicrobatches: buffer.merge)
            isParameter = false
        }
    }

    private var current: Tensor {
        switch source() {
        case .parameter(let parameter): parameter.stored
        case .buffer(let buffer): buffer.stored
        }
    }

    /// A copy of its own, for optimizers write into a parameter's memory.
    func copy() {
        average.assign(current.elementType == .float32 ? Tensor(current.scalars, shape: current.shape) : current)
    }

    func move(_ momentum: Float) {
        let current = current
        guard current.elementType == .float32 else { return average.assign(current) }
        // as PyTorch implementations compute it: m a + (1 - m) p.
        average.assign(average.stored * momentum + current * (1 - momentum))
    }

    func substitute(in values: ParameterValues) {
        switch source() {
        case .parameter(let parameter): values[parameter] = average.value
        case .buffer(let buffer): values[buffer] = average.value
        }
    }

    /// Takes what a computation wrote to the buffer.
    func keepBuffer(of values: ParameterValues) {
        guard Context.current.isTraining, case .buffer(let buffer) = source(), let value = values[buffer] else {
            return
        }
        average.assign(value)
    }
}

import CBridges

/// What surrounds a computation on this thread: the tape, the mode, the precision, the random key, substituted values.
///
/// It is entered only by scoped functions (`valueWithGradient`, `evaluating`, `withPrecision`, `detached`,
/// `with(values)`); there is no global switch. Outside of them there is no tape and modules are in evaluation mode.
package struct Context {
    package var tape: Tape?
    package var isTraining = false
    package var precision = Precision.float32
    package var random = RandomSequence(key: RandomKey(seed: 0))
    /// One key for every sample of the current batch, for random choices that must not depend on the batch's
    /// composition.
    package var sampleKeys: [RandomKey] = []
    /// Which samples of a larger batch the computation sees, so that masks are drawn by a sample's place in the whole;
    /// nil: it sees all.
    package var rows: Range<Int>?
    package var values: ParameterValues?
    /// The communicator of the processes that share the batch (of a target above); nil: this process has all of it.
    package var ranks: (any AnyObject & Sendable)?
    /// The same where all ranks compute the same values, so that an operation may leave a part of its work to others;
    /// nil inside of a rank's own part.
    package var communicator: (any AnyObject & Sendable)?
    /// Takes parameters' gradients as a backward pass finishes them; nil where they are still to be scaled or added up.
    package var gradientSink: (any GradientSink)?
    /// Whether embeddings that are contrasted go around the ranks in place of being gathered on each.
    package var circulatesEmbeddings = false
    /// Whether batch normalization in training takes the statistics of all ranks.
    package var synchronizesBatchNorm = false
    /// A parallel region is open on this thread; loops inside it run serially.
    package var isInRegion = false
    /// Collects the time of operations, while a profile is measured.
    package var profiler: Profiler?

    private final class Box {
        var context = Context()
        /// Beside the context, for memory is taken while that is being changed.
        var meter: MemoryMeter?
        /// Beside the context, for it is read inside of parallel loops; nil: the process's.
        var kernels: KernelScope?
        /// Of `kernels`, by itself: reading it takes no reference count, for which threads would contend.
        var matmul: MatmulChoice?
        /// Of `LogitMemory`; nil: the process's.
        var logitLimit: Int?
        /// Of all operations on this thread so far.
        var multiplyAdds = MultiplyAdds()
    }

    /// What this thread's operations counted so far.
    static var multiplyAdds: MultiplyAdds {
        get { box.multiplyAdds }
        _modify { yield &box.multiplyAdds }
    }

    /// Counts this thread's memory, while it is measured.
    static var meter: MemoryMeter? {
        existing?.meter
    }

    /// Runs `body` while `meter` counts, and adds to the meter outside, if any.
    static func with<R, E: Error>(_ meter: MemoryMeter, _ body: () throws(E) -> R) throws(E) -> R {
        let box = box, outer = box.meter
        box.meter = meter
        defer {
            box.meter = outer
            outer?.add(meter)
        }
        return try body()
    }

    /// The kernels that were chosen for this thread; nil: the process's.
    package static var kernels: KernelScope? { existing?.kernels }

    /// How this thread multiplies float32 matrices; nil: as the process does.
    static var matmul: MatmulChoice? { existing?.matmul }

    /// Runs `body` with the kernels of `scope`.
    package static func with<R, E: Error>(_ scope: KernelScope?, _ body: () throws(E) -> R) throws(E) -> R {
        let box = box, outer = box.kernels
        (box.kernels, box.matmul) = (scope, scope?.matmul)
        defer { (box.kernels, box.matmul) = (outer, outer?.matmul) }
        return try body()
    }

    /// How many bytes of logits a loss of this thread keeps; nil: as the process does.
    static var logitLimit: Int? { existing?.logitLimit }

    /// Runs `body` with another limit.
    static func with<R, E: Error>(logitLimit: Int, _ body: () throws(E) -> R) throws(E) -> R {
        let box = box, outer = box.logitLimit
        box.logitLimit = logitLimit
        defer { box.logitLimit = outer }
        return try body()
    }

    /// What this thread has, where it has any yet.
    private static var existing: Box? {
        concord_thread_context().map { Unmanaged<Box>.fromOpaque($0).takeUnretainedValue() }
    }

    private static var box: Box {
        if let existing { return existing }
        let box = Box()
        concord_set_thread_context(Unmanaged.passRetained(box).toOpaque()) { raw in
            if let raw { Unmanaged<Box>.fromOpaque(raw).release() }
            Threads.release()
        }
        return box
    }

    package static var current: Context {
        get { box.context }
        _modify { yield &box.context }
    }

    /// Runs `body` with a changed context and restores the old one, also after an error.
    package static func with<R, E: Error>(_ change: (inout Context) -> Void, _ body: () throws(E) -> R) throws(E) -> R {
        let box = box
        let saved = box.context
        change(&box.context)
        defer { box.context = saved }
        return try body()
    }
}

extension Context {
    /// Runs `body` where gradients are still to be scaled or added up; all else of the context stays as `body` leaves it.
    package static func withoutGradientSink<R>(_ body: () -> R) -> R {
        let sink = current.gradientSink
        current.gradientSink = nil
        defer { current.gradientSink = sink }
        return body()
    }
}

/// Runs `body` in evaluation mode: dropout is the identity, batch normalization uses its running statistics.
public func evaluating<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Context.with({ $0.isTraining = false }, body)
}

/// Runs `body` in training mode without a tape.
public func training<R, E: Error>(step: Int = 0, seed: UInt64 = 0, _ body: () throws(E) -> R) throws(E) -> R {
    try Context.with(
        {
            $0.isTraining = true
            $0.random = RandomSequence(key: RandomKey(seed: seed).derived("step", step))
        }, body)
}

/// Runs `body` without recording: what it returns is a constant.
public func detached<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Context.with({ $0.tape = nil }, body)
}

/// Runs `body` with the keys of a batch's samples, for objectives that draw per sample (masks, negatives).
public func withSampleKeys<R, E: Error>(_ keys: [RandomKey], _ body: () throws(E) -> R) throws(E) -> R {
    try Context.with({ $0.sampleKeys = keys }, body)
}

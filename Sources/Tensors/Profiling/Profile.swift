/// Where a computation's time went, operation by operation.
///
/// ```swift
/// let (gradients, profile) = Profile.measuring { valueWithGradient { objective(batch) }.1 }
/// for entry in profile.entries.prefix(10) { print(entry.name, entry.seconds) }
/// ```
///
/// An operation's time runs from the end of the one before it on the same thread, so that what happens between
/// operations (shapes, memory, waiting for a batch) is counted with the operation that follows. A pullback's time is
/// its own and that of all it calls.
public struct Profile: Sendable {
    /// One operation, or its backward pass.
    public struct Entry: Sendable {
        /// As Swift names the operation, with ` backward` for its pullback.
        public let name: String
        /// How often it ran.
        public fileprivate(set) var calls = 0
        /// In all calls together.
        public fileprivate(set) var seconds = 0.0
        /// Of the inputs that a tape holds and of the outputs; what a kernel keeps for itself is not counted.
        public fileprivate(set) var bytes = 0
        /// The most that tensors held at once while it ran, in bytes: those of the process when measuring began, and
        /// what this thread added.
        public fileprivate(set) var peak = 0
    }

    /// The slowest first.
    public let entries: [Entry]

    /// Runs `body` and returns the time of each operation in it, on this thread.
    public static func measuring<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> (R, Profile) {
        let profiler = Profiler()
        let result = try Context.with(profiler.meter) { () throws(E) in
            try Context.with({ $0.profiler = profiler }, body)
        }
        return (
            result, Profile(entries: profiler.entries.values.sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) })
        )
    }

    /// Seconds of all operations.
    public var seconds: Double { entries.reduce(0) { $0 + $1.seconds } }
}

/// Collects a profile; belongs to the thread that measures.
package final class Profiler: @unchecked Sendable {
    fileprivate var entries: [String: Profile.Entry] = [:]
    fileprivate let meter = MemoryMeter()
    private let heldBefore = Allocator.statistics.inUse
    private var last = ContinuousClock.now
    /// Pullbacks under way: what they call is theirs.
    private var depth = 0

    /// The time since the last mark belongs to `name`.
    package func mark(_ name: String, bytes: Int) {
        guard depth == 0 else { return }
        let now = ContinuousClock.now
        var entry = entries[name] ?? Profile.Entry(name: name)
        entry.calls += 1
        entry.seconds += Double((now - last).components.seconds) + Double((now - last).components.attoseconds) * 1e-18
        entry.bytes += bytes
        entry.peak = max(entry.peak, heldBefore + meter.peak)
        entries[name] = entry
        meter.mark()
        last = now
    }

    /// Runs a pullback and marks it as one with all that it calls.
    func pulling(
        _ name: StaticString, _ upstream: inout Tensor, _ needs: [Bool], _ pullback: Tape.Pullback
    ) -> [Cotangent?] {
        depth += 1
        let bytes = upstream.storage.bytes, results = pullback(&upstream, needs)
        depth -= 1
        mark(Self.name(name) + " backward", bytes: results.reduce(bytes) { $0 + ($1?.bytes ?? 0) })
        return results
    }

    /// `linear(weight:bias:)` as `linear`.
    static func name(_ function: StaticString) -> String { String(function.description.prefix { $0 != "(" }) }
}

extension Profile {
    /// Counts what ran since the last operation on this thread as `name`: for work that no tape records.
    package static func mark(_ name: @autoclosure () -> String, bytes: Int = 0) {
        if let profiler = Context.current.profiler { profiler.mark(name(), bytes: bytes) }
    }
}

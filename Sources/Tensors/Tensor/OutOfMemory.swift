import ConcordFiles
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A request for a tensor's memory that cannot be met.
///
/// Tensor operations do not throw, so this ends the process: through the handler of the program where it has set one,
/// with a Swift fatal error (a trap) where it has not. `concord` sets one that prints one line and leaves with status
/// 1.
///
/// ```swift
/// OutOfMemory.setHandler { shortage in
///     log.critical("\(shortage)")
///     _exit(1)                                                          // a handler never returns
/// }
/// ```
///
/// A request is refused when the system refuses it, and also when it is larger than what the machine, the control group
/// and the process's limits have left: the kernel would grant it and end the process by SIGKILL once the pages are
/// used.
public struct OutOfMemory: Sendable, CustomStringConvertible {
    /// What was asked for, in bytes; `Int.max` where the size does not fit an `Int`.
    public let bytes: Int
    /// What for: "a tensor [64, 1024, 1024]".
    public let purpose: String
    /// In use by live tensors, in bytes.
    public let inUse: Int
    /// What limits memory, and how much of it is left: "7.3 GB are left of the 23.5 GB of this machine".
    public let limit: String

    /// One line: what was wanted for what, what is in use, and what limits memory.
    public var description: String {
        let size = bytes == .max ? "more than \(MemoryLimit.size(.max))" : MemoryLimit.size(bytes)
        return "out of memory: \(size) wanted for \(purpose), \(MemoryLimit.size(inUse)) in use by tensors; \(limit)"
    }

    private static let handler = Mutex<(@Sendable (OutOfMemory) -> Never)?>(nil)

    /// Sets what happens from now on, on whichever thread memory runs out.
    public static func setHandler(_ new: @escaping @Sendable (OutOfMemory) -> Never) { handler.withLock { $0 = new } }

    /// Ends the process.
    package static func fail(_ bytes: Int, for purpose: String) -> Never {
        let limit = MemoryLimit.current
        let shortage = OutOfMemory(
            bytes: bytes, purpose: purpose, inUse: Allocator.statistics.inUse,
            limit: limit.map {
                "\(MemoryLimit.size($0.available)) left of the \(MemoryLimit.size($0.total)) of \($0.source.rawValue)"
            }
                ?? "the system has no more")
        if let handler = handler.withLock({ $0 }) { handler(shortage) }
        fatalError(shortage.description)
    }
}

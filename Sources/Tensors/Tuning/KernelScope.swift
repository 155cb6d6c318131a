/// Runs `body` with the kernels that a table chooses, on this thread and on those of its parallel loops.
///
/// ```swift
/// let loss = withKernels(.standard) { clip.loss(batch) }         // whatever was measured on this machine
/// ```
public func withKernels<R, E: Error>(_ table: KernelTable, _ body: () throws(E) -> R) throws(E) -> R {
    try Context.with(KernelScope(table), body)
}

/// A table in force on a thread.
package struct KernelScope: Sendable {
    let table: KernelTable
    /// The table's or the standard one.
    let matmul: MatmulChoice

    init(_ table: KernelTable) {
        self.table = table
        matmul = table.matmul ?? .standard
    }

    /// What computes outside of every scope.
    static let ofProcess = KernelScope(.standard)
}

extension KernelTable {
    /// The one that operations on this thread use.
    package static var current: KernelTable { (Context.kernels ?? .ofProcess).table }
}

extension MatmulChoice {
    /// The one that operations on this thread use.
    static var current: MatmulChoice { Context.matmul ?? KernelScope.ofProcess.matmul }
}

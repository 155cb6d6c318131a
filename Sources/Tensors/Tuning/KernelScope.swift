import Synchronization

/// Runs `body` with the kernels that a table chooses, on this thread and on those of its parallel loops.
///
/// ```swift
/// let x = Tensor(ones: [8, 64]), w = Tensor(ones: [64, 64])
/// print(withKernels(.standard) { x.matmul(w) })                  // by the kernels that are compiled in
/// ```
public func withKernels<R, E: Error>(_ table: KernelTable, _ body: () throws(E) -> R) throws(E) -> R {
    let scope = KernelScope(table)
    // What a thread does anyway, parallel loops need not hand on.
    return try Context.with(scope.chooses(as: .ofProcess) ? nil : scope, body)
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

    /// Whether everything is computed by the same kernels as in another scope.
    func chooses(as other: KernelScope) -> Bool {
        matmul == other.matmul && table.convolutions == other.table.convolutions
            && table.forcedConvolution == other.table.forcedConvolution
            && table.bfloat16Gain == other.table.bfloat16Gain
    }

    /// What computes outside of every scope.
    static let ofProcess: KernelScope = chosen.withLock {
        $0.isInUse = true
        return KernelScope($0.table)
    }

    private static let chosen = Mutex((table: KernelTable.standard, isInUse: false))

    /// Sets the table of the process.
    /// - Returns: false where computations have begun with another one.
    fileprivate static func set(_ table: KernelTable) -> Bool {
        chosen.withLock {
            if $0.isInUse { return $0.table == table }
            $0.table = table
            return true
        }
    }
}

extension KernelTable {
    /// The one that operations on this thread use.
    package static var current: KernelTable { (Context.kernels ?? .ofProcess).table }

    /// Chooses the kernels of every computation of this process outside of `withKernels`.
    /// - Precondition: nothing was computed yet: one process does not compute one thing in two ways.
    public func useForProcess() {
        ShapeCheck.require(
            KernelScope.set(self), "useForProcess",
            "computations have begun with other kernels; choose them before the first one")
    }
}

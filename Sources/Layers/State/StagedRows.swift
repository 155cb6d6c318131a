package import ConcordTensors
import Synchronization

/// Rows that a forward pass leaves for after the update. Those of microbatches follow each other; those of a repeated
/// pass are dropped.
///
/// It is empty whenever a checkpoint is written, and no part of it.
package final class StagedRows: Sendable {
    private let rows = Mutex<[Tensor]>([])

    package init() {}

    /// Inside of `with(values)` the rows land in those values.
    package func append(_ more: Tensor) {
        guard let values = Context.current.values else { return rows.withLock { $0.append(more) } }
        values[self] = values.ownValue(of: self).map { .concatenated([$0, more], axis: 0) } ?? more
    }

    /// All rows so far, which it then forgets; nil where there are none.
    package func take() -> Tensor? {
        let all = rows.withLock { rows in
            defer { rows = [] }
            return rows
        }
        return all.isEmpty ? nil : all.count == 1 ? all[0] : .concatenated(all, axis: 0)
    }
}

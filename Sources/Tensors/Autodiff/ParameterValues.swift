import Synchronization

/// Values that replace a module's own while `module.with(values) { … }` runs: an average of weights, a momentum
/// encoder, the statistics of a replayed batch. What the module writes to its buffers meanwhile is stored here too.
public final class ParameterValues: Sendable {
    private struct Entry {
        var key: any AnyObject & Sendable
        var value: Tensor
        /// How many others were set before it first was.
        var place: Int
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])
    private let base: ParameterValues?

    /// Without any value.
    public init() { base = nil }

    /// Values that start as those of `base`: what is set here does not reach it.
    package init(over base: ParameterValues?) { self.base = base }

    /// The value that replaces a parameter's or buffer's, nil where its own is used.
    public subscript(leaf: any AnyObject & Sendable) -> Tensor? {
        get { entries.withLock { $0[ObjectIdentifier(leaf)]?.value } ?? base?[leaf] }
        set {
            entries.withLock { entries in
                let place = entries[ObjectIdentifier(leaf)]?.place ?? entries.count
                entries[ObjectIdentifier(leaf)] = newValue.map { Entry(key: leaf, value: $0.detached, place: place) }
            }
        }
    }

    /// The value that was set here, without those of `base`.
    package func ownValue(of leaf: any AnyObject & Sendable) -> Tensor? {
        entries.withLock { $0[ObjectIdentifier(leaf)]?.value }
    }

    /// What was set here, in the order in which it first was.
    package var own: [(leaf: any AnyObject & Sendable, value: Tensor)] {
        entries.withLock { $0.values.sorted { $0.place < $1.place }.map { ($0.key, $0.value) } }
    }
}

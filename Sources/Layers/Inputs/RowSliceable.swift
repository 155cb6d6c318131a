public import ConcordTensors

/// An encoder's input that knows its samples, so that a batch can be encoded a few of them at a time.
///
/// An input type of one's own becomes one by saying how many samples it has and what a range of them is:
/// ```swift
/// extension Graphs: RowSliceable {
///     var rowCount: Int { nodes.rowCount }
///     func rows(in range: Range<Int>) -> Graphs { Graphs(nodes: nodes.rows(in: range), edges: edges.rows(in: range)) }
/// }
/// ```
public protocol RowSliceable: Sendable {
    /// Number N of samples.
    var rowCount: Int { get }
    /// The samples of a range in `0 ..< rowCount`, padded as they were.
    func rows(in range: Range<Int>) -> Self
}

extension Tensor: RowSliceable {
    /// Size of the first axis.
    public var rowCount: Int { shape.first ?? 0 }
    /// A range of the first axis.
    public func rows(in range: Range<Int>) -> Tensor { sliced(range, axis: 0) }
}

extension Tokens: RowSliceable {
    public var rowCount: Int { count }
    public func rows(in range: Range<Int>) -> Tokens { Tokens(ids: ids.rows(in: range), mask: mask.rows(in: range)) }
}

extension Waveform: RowSliceable {
    public var rowCount: Int { count }
    public func rows(in range: Range<Int>) -> Waveform {
        Waveform(samples: samples.rows(in: range), lengths: Array(lengths[range]), rate: rate)
    }
}

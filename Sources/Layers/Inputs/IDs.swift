public import ConcordTensors

/// Which user, item or speaker each of N samples is: a row of a table that an encoder has.
public struct IDs: Sendable {
    /// `[N]`, int32.
    public let rows: Tensor

    /// - Parameter rows: `[N]`, int32, each in `0 ..<` the table's rows.
    public init(_ rows: Tensor) {
        ShapeCheck.require(
            rows.rank == 1 && rows.elementType == .int32, "IDs",
            "int32 [N] wanted, found \(rows.elementType) \(rows.shape)")
        self.rows = rows
    }

    /// The same from Swift's numbers.
    public init(_ rows: [Int32]) { self.init(Tensor(rows, shape: [rows.count])) }

    /// Number N of samples.
    public var count: Int { rows.count }
}

extension IDs: RowSliceable {
    public var rowCount: Int { count }
    public func rows(in range: Range<Int>) -> IDs { IDs(rows.rows(in: range)) }
}

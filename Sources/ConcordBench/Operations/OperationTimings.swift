/// The timing of one operation, and its floor: the least time that it could take.
struct OperationTimings: Codable {
    let operation: String, pass: String, shape: String
    let medianS: Double
    /// The longer of its operations at the peak rate and its bytes at the memory's.
    let floorS: Double
    /// The floor over the median.
    let efficiency: Double
    /// What bounds the floor: arithmetic or memory.
    let limit: String

    static let heading =
        "operation".left(24) + "pass".left(10) + "shape".left(36) + "median ms".right(11) + "floor ms".right(10)
        + "efficiency".right(12)
        + "  limit"

    var row: String {
        operation.left(24) + pass.left(10) + shape.left(36) + (1e3 * medianS).decimals(3).right(11)
            + (1e3 * floorS).decimals(3).right(10)
            + efficiency.percent.right(12) + "  " + limit
    }
}

/// The least work of an operation.
struct Floor {
    /// Floating-point operations of its matmuls.
    var operations = 0.0
    /// Bytes read and written where inputs and outputs are each touched once.
    var bytes = 0.0

    func seconds(_ peak: PeakRate, bandwidth: Double) -> (seconds: Double, limit: String) {
        let arithmetic = operations / peak.highest, memory = bytes / bandwidth
        return arithmetic >= memory ? (arithmetic, "arithmetic") : (memory, "memory")
    }
}

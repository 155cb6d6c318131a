/// What one operation took, beside the least that it could take.
struct OperationTimings: Codable {
    let operation: String, pass: String, shape: String
    let medianS: Double
    /// The longer of its operations at the peak rate and its bytes at the memory's.
    let floorS: Double
    /// The floor over the median.
    let share: Double
    /// What the floor is made of.
    let limit: String

    static let heading =
        "operation".left(24) + "pass".left(10) + "shape".left(36) + "median ms".right(11) + "floor ms".right(10)
        + "share".right(8)
        + "  limit"

    var row: String {
        operation.left(24) + pass.left(10) + shape.left(36) + (1e3 * medianS).decimals(3).right(11)
            + (1e3 * floorS).decimals(3).right(10)
            + share.percent.right(8) + "  " + limit
    }
}

/// What an operation has to do at least.
struct Floor {
    /// Floating-point operations of its products.
    var operations = 0.0
    /// Bytes that memory has to give and take, where inputs and outputs are each touched once.
    var bytes = 0.0

    func seconds(_ peak: PeakRate, bandwidth: Double) -> (seconds: Double, limit: String) {
        let arithmetic = operations / peak.highest, memory = bytes / bandwidth
        return arithmetic >= memory ? (arithmetic, "arithmetic") : (memory, "memory")
    }
}

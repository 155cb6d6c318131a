/// How fast one kind of data is read, by one thread.
struct DataTimings: Codable {
    let name: String
    let perS: Double
    let unit: String
    /// The rate of Python in the same run.
    var baselinePerS: Double?
    /// Concord's rate over Python's.
    var ratio: Double?

    init(_ name: String, _ unit: String, count: Double, _ timing: Timing) {
        (self.name, self.unit, perS) = (name, unit, count / timing.median)
    }

    static let heading = "one thread".left(34) + "concord".right(12) + "Python".right(12) + "ratio".right(8)

    var row: String {
        name.left(34) + perS.decimals(0).right(12) + (baselinePerS?.decimals(0) ?? "-").right(12)
            + (ratio?.decimals(2) ?? "-").right(8)
            + "  \(unit)/s"
    }
}

import Concord

/// The timings of one workload's steps.
struct StepTimings: Codable {
    var workload: String
    var precision: Precision
    var threads: Int
    var parameters: Int
    var medianS: Double, minS: Double, maxS: Double
    var itemsPerS: Double
    /// Of the matmuls and convolutions of a step.
    var gflopPerS: Double
    /// Of the highest rate that this run measured, once it was compared.
    var fractionOfPeak: Double?
    var peakGflopPerS: Double?
    var peakMib: Double
    /// The peak memory of tensors.
    var tensorsMib: Double
    var loss: Float
    var kernels: String
    /// Operation by operation, with `--trace`.
    var trace: [TraceRow]?
}

/// The cost of one operation's forward or backward pass in one step.
struct TraceRow: Codable {
    var operation: String
    var calls: Int
    var seconds: Double
    var bytes: Int
    /// The peak memory of tensors during it.
    var peakMib: Double
}

extension TraceRow {
    init(_ entry: Profile.Entry) {
        self.init(
            operation: entry.name, calls: entry.calls, seconds: entry.seconds, bytes: entry.bytes,
            peakMib: Double(entry.peak) / 1048576)
    }
}

extension StepTimings {
    mutating func compare(with peak: PeakRate) {
        peakGflopPerS = peak.reference(precision) / 1e9
        fractionOfPeak = gflopPerS / (peak.reference(precision) / 1e9)
    }

    /// The slowest operations first.
    var traceTable: String {
        guard let trace else { return "" }
        let total = trace.reduce(0) { $0 + $1.seconds }
        let rows = trace.map { row in
            (row.seconds / total).percent.right(7) + row.seconds.decimals(5).right(10) + "\(row.calls)".right(7)
                + (Double(row.bytes) / max(row.seconds, 1e-9) / 1e9).decimals(1).right(8)
                + row.peakMib.decimals(0).right(9) + "  "
                + row.operation
        }
        return
            (["\n\(workload): \(total.decimals(4)) s", "percent   seconds  calls    GB/s  peak MiB  operation"] + rows)
            .joined(separator: "\n")
    }

    static let heading =
        "workload".left(13) + "precision".left(11) + "parameters".right(12) + "median s".right(10) + "min".right(9)
        + "max".right(9)
        + "items/s".right(11) + "GFLOP/s".right(9) + "of peak".right(9) + "peak MiB".right(10) + "loss".right(9)

    var row: String {
        workload.left(13) + precision.rawValue.left(11) + "\(parameters)".right(12) + medianS.decimals(4).right(10)
            + minS.decimals(4).right(9) + maxS.decimals(4).right(9) + itemsPerS.decimals(1).right(11)
            + gflopPerS.decimals(0).right(9)
            + (fractionOfPeak?.percent ?? "").right(9) + peakMib.decimals(0).right(10)
            + Double(loss).decimals(3).right(9)
    }
}

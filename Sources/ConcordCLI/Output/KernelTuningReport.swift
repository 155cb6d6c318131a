import Concord
import ConcordFiles

/// `concord doctor --tune`: measures, shows what is faster than the standard kernels, and keeps the table.
struct KernelTuningReport {
    let isJSON: Bool
    /// Whether only a few small problems are measured.
    let isQuick: Bool

    private struct Answer: Encodable {
        let path: String
        let table: KernelTable
        let comparisons: [KernelComparison]
        let seconds: Double
    }

    func run() throws {
        let path = try InstalledKernels.prepare(), start = ContinuousClock.now
        let tuning = KernelTuning(isQuick: isQuick), progress = ItemProgress(total: tuning.count, unit: "comparisons")
        var comparisons: [KernelComparison] = []
        let table = tuning.table {
            comparisons.append($0)
            progress.update(comparisons.count)
        }
        progress.finish()
        try InstalledKernels.write(table, to: path)
        let time = (ContinuousClock.now - start).components
        let seconds = Double(time.seconds) + 1e-18 * Double(time.attoseconds)
        var output = StandardOutput()
        if isJSON {
            try output.json(Answer(path: path, table: table, comparisons: comparisons, seconds: seconds))
        } else {
            for line in Self.lines(comparisons) { try output.line(line) }
            try output.line(
                "\(comparisons.count) comparisons in \(NumberText.fixed(seconds, decimals: 0)) s: \(table.summary)")
            try output.line("written to \(path)")
        }
        try output.finish()
    }

    /// A line for each comparison that the standard kernel lost, in columns.
    private static func lines(_ comparisons: [KernelComparison]) -> [String] {
        let rows = comparisons.filter { $0.fastest != $0.standard }.map { c in
            [
                c.problem, "\(c.standard) \(time(c.seconds[c.standard]))", "\(c.fastest) \(time(c.seconds[c.fastest]))",
                NumberText.fixed(c.gain, decimals: 2),
            ]
        }
        guard !rows.isEmpty else { return [] }
        let table = [["computation", "standard", "faster", "gain"]] + rows
        let widths = (0..<3).map { column in (table.map { $0[column].count }.max() ?? 0) + 2 }
        return table.map { row in zip(row, widths).map { $0.padding(to: $1) }.joined() + row[3] }
    }

    private static func time(_ seconds: Double?) -> String {
        seconds.map { NumberText.fixed($0 * 1000, decimals: 2) + " ms" } ?? "-"
    }
}

import Concord
import ConcordFiles

/// What a run cost, in the words that the command line prints.
enum CostText {
    static func text(of cost: RunCost) -> String {
        var lines: [String] = []
        let counts = cost.multiplyAdds
        if cost.steps > 0, counts.total > 0 {
            lines.append(
                "cost: \(cost.steps) steps of \(scaled(Double(counts.total) / Double(cost.steps))) multiply-adds "
                    + "(\(parts(of: counts)))"
                    + (cost.gigaflopsPerSecond.map { ", \(brief($0)) GFLOP/s in \(duration(cost.stepSeconds))" } ?? ""))
        } else {
            lines.append("cost: \(cost.steps) steps")
        }
        lines.append(
            "  \(duration(cost.wallSeconds)) by the clock, \(duration(cost.processorSeconds)) of processors, "
                + "\(MemoryLimit.size(cost.peakResidentBytes)) of memory at most, "
                + "\(MemoryLimit.size(cost.bytesRead)) read, \(MemoryLimit.size(cost.bytesWritten)) written")
        if let joules = cost.joules {
            lines.append(
                "  \(brief(joules)) J of the machine's processors (\(brief(joules / max(1e-9, cost.wallSeconds))) W)")
        } else if let absence = cost.energyAbsence {
            lines.append("  energy not measured: \(PathEncoding.readable(absence))")
        }
        return lines.joined(separator: "\n")
    }

    static func text(of estimate: TrainingEstimate) -> String {
        let evaluations = Double(estimate.evaluations) * estimate.evaluationSeconds
        let checkpoints = Double(estimate.checkpoints) * estimate.checkpointSeconds
        var lines = [
            "estimate: \(duration(estimate.seconds)) and \(MemoryLimit.size(estimate.peakResidentBytes)) of memory at "
                + "most, for \(estimate.steps) steps in \(estimate.precision)",
            "  time: start \(duration(estimate.startSeconds)), steps \(duration(estimate.stepsSeconds)) "
                + "(\(milliseconds(estimate.laterStepSeconds)) each, in the first epoch "
                + "\(milliseconds(estimate.firstEpochStepSeconds))), \(counted(estimate.evaluations, "evaluation")) "
                + "\(duration(evaluations)), \(counted(estimate.checkpoints, "checkpoint")) of "
                + "\(MemoryLimit.size(estimate.checkpointBytes)) \(duration(checkpoints))",
        ]
        var memory = "  memory: \(MemoryLimit.size(estimate.measuredPeakBytes)) as measured"
        if estimate.cacheGrowthBytes > 0 {
            memory += ", \(MemoryLimit.size(estimate.cacheGrowthBytes)) more of decoded samples (data.cache_mib)"
        }
        if estimate.evaluationGrowthBytes > 0 {
            memory += ", \(MemoryLimit.size(estimate.evaluationGrowthBytes)) more in evaluations of all rows"
        }
        lines.append(memory)
        let counts = estimate.multiplyAddsPerStep
        if counts.total > 0 {
            lines.append("  a step: \(scaled(Double(counts.total))) multiply-adds (\(parts(of: counts)))")
        }
        lines.append(
            "measured on \(estimate.measuredSteps) steps and parts of an evaluation, in "
                + "\(duration(estimate.measuringSeconds)); nothing was written")
        if let limit = MemoryLimit.current, limit.total < estimate.peakResidentBytes {
            lines.append("note: \(limit.source.rawValue) has \(MemoryLimit.size(limit.total))")
        }
        return lines.joined(separator: "\n")
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    private static func milliseconds(_ seconds: Double) -> String {
        seconds < 1 ? "\(brief(1000 * seconds)) ms" : duration(seconds)
    }

    /// `convolution 61 %, matmul 39 %`: the kinds that there are.
    static func parts(of counts: MultiplyAdds) -> String {
        MultiplyAdds.Kind.allCases.filter { counts[$0] > 0 }.map { kind in
            let percent = 100 * Double(counts[kind]) / Double(counts.total)
            return "\(kind.rawValue) \(percent < 0.1 ? "below 0.1" : brief(percent)) %"
        }.joined(separator: ", ")
    }

    /// `1.92 billion`.
    static func scaled(_ number: Double) -> String {
        for (word, size) in [("trillion", 1e12), ("billion", 1e9), ("million", 1e6), ("thousand", 1e3)]
        where number >= size { return "\(brief(number / size)) \(word)" }
        return brief(number)
    }

    /// `41.3 s`, `12:04 minutes`, `3:10:22 hours`.
    static func duration(_ seconds: Double) -> String {
        if seconds < 100 { return "\(brief(seconds)) s" }
        let whole = Int(seconds.rounded()), minutes = whole / 60 % 60, rest = whole % 60
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return whole < 3600
            ? "\(minutes):\(two(rest)) minutes" : "\(whole / 3600):\(two(minutes)):\(two(rest)) hours"
    }

    /// Three digits.
    static func brief(_ value: Double) -> String {
        NumberText.fixed(value, decimals: value >= 100 ? 0 : value >= 10 ? 1 : 2)
    }
}

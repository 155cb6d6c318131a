import ConcordFiles
public import ConcordTensors
import FoundationEssentials

/// What a run has cost so far: the member `cost` of each line of `metrics.jsonl`, and `cost.json` of a run directory.
///
/// All numbers are sums from the run's start; a resumed run goes on with them. Steps that a killed run made after its
/// last checkpoint, and that are made again, count twice, for they were paid for twice.
public struct RunCost: Sendable, Equatable {
    /// Updates of the parameters.
    public var steps = 0
    /// Of the steps, forward and backward; evaluations are not counted.
    public var multiplyAdds = MultiplyAdds()
    /// In steps: waiting for batches, forward, backward, update; without evaluations and checkpoints.
    public var stepSeconds = 0.0
    /// By the clock, with all that comes before, between and after the steps.
    public var wallSeconds = 0.0
    /// Of all threads, in user and kernel mode.
    public var processorSeconds = 0.0
    /// Of the machine's processor packages, whatever ran on them; nil where the machine does not tell.
    public var joules: Double?
    /// Why `joules` is nil.
    public var energyAbsence: String?
    /// The most memory that the process had resident at once.
    public var peakResidentBytes = 0
    /// By system calls (`rchar` of `/proc/self/io`), from disks, caches and pipes; not files in mapped memory.
    public var bytesRead = 0
    /// By system calls (`wchar`).
    public var bytesWritten = 0
    /// That came from disks (`read_bytes`), mapped files included.
    public var storageBytesRead = 0
    /// That went or go to disks (`write_bytes`).
    public var storageBytesWritten = 0

    /// Nothing.
    public init() {}

    /// Floating-point operations of the steps' products, two a multiply-add, in billions each second of the steps;
    /// nil before the first.
    public var gigaflopsPerSecond: Double? {
        stepSeconds > 0 ? 2e-9 * Double(multiplyAdds.total) / stepSeconds : nil
    }

    /// An earlier part of a run and this one.
    func following(_ earlier: RunCost) -> RunCost {
        var sum = self
        sum.steps += earlier.steps
        sum.multiplyAdds = earlier.multiplyAdds + multiplyAdds
        sum.stepSeconds += earlier.stepSeconds
        sum.wallSeconds += earlier.wallSeconds
        sum.processorSeconds += earlier.processorSeconds
        sum.peakResidentBytes = max(earlier.peakResidentBytes, peakResidentBytes)
        sum.bytesRead += earlier.bytesRead
        sum.bytesWritten += earlier.bytesWritten
        sum.storageBytesRead += earlier.storageBytesRead
        sum.storageBytesWritten += earlier.storageBytesWritten
        if earlier.wallSeconds > 0 {
            if let before = earlier.joules {
                sum.joules = joules.map { before + $0 }
            } else if joules != nil {
                sum.joules = nil
                sum.energyAbsence = "an earlier part of the run had no energy counters"
            }
        }
        return sum
    }
}

// MARK: JSON

extension RunCost {
    /// An object on one line; without what is nil.
    public var json: String { "{" + members.joined(separator: ",") + "}" }

    private var members: [String] {
        func seconds(_ value: Double) -> String { JSONText.number((value * 1000).rounded() / 1000) }
        var members = [
            "\"steps\":\(steps)", "\"multiply_adds\":\(multiplyAdds.json)", "\"step_seconds\":\(seconds(stepSeconds))",
            "\"wall_seconds\":\(seconds(wallSeconds))", "\"processor_seconds\":\(seconds(processorSeconds))",
        ]
        if let joules { members.append("\"joules\":\(seconds(joules))") }
        return members + [
            "\"peak_resident_bytes\":\(peakResidentBytes)", "\"bytes_read\":\(bytesRead)",
            "\"bytes_written\":\(bytesWritten)", "\"storage_bytes_read\":\(storageBytesRead)",
            "\"storage_bytes_written\":\(storageBytesWritten)",
        ]
    }

    /// The contents of `cost.json`: a member a line, with the rate of the steps' operations and why there is no energy.
    package var file: String {
        var members = members
        if let rate = gigaflopsPerSecond {
            members.append("\"gigaflops_per_second\":\(JSONText.number((rate * 1000).rounded() / 1000))")
        }
        if joules == nil, let energyAbsence {
            members.append("\"energy_absence\":\(JSONText.quoted(energyAbsence))")
        }
        return "{\n  " + members.joined(separator: ",\n  ") + "\n}\n"
    }

    /// The cost in an object as `json` and `file` write it; nil where there is none.
    package init?(json: some Sequence<UInt8>) {
        guard let read = try? Self.decoder.decode(Members.self, from: Data(json)) else { return nil }
        self = read.cost
    }

    /// The cost in a line of `metrics.jsonl`; nil where there is none.
    init?(line: some Sequence<UInt8>) {
        guard let read = try? Self.decoder.decode(Line.self, from: Data(line)) else { return nil }
        self = read.cost.cost
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }

    private struct Line: Decodable { let cost: Members }

    private struct Members: Decodable {
        let steps: Int
        let multiplyAdds: [String: Int]
        let stepSeconds, wallSeconds, processorSeconds: Double
        let joules: Double?
        let energyAbsence: String?
        let peakResidentBytes, bytesRead, bytesWritten, storageBytesRead, storageBytesWritten: Int

        var cost: RunCost {
            var cost = RunCost()
            cost.steps = steps
            for (name, count) in multiplyAdds {
                if let kind = MultiplyAdds.Kind(rawValue: name) { cost.multiplyAdds[kind] = count }
            }
            (cost.stepSeconds, cost.wallSeconds) = (stepSeconds, wallSeconds)
            cost.processorSeconds = processorSeconds
            (cost.joules, cost.energyAbsence) = (joules, energyAbsence)
            cost.peakResidentBytes = peakResidentBytes
            (cost.bytesRead, cost.bytesWritten) = (bytesRead, bytesWritten)
            (cost.storageBytesRead, cost.storageBytesWritten) = (storageBytesRead, storageBytesWritten)
            return cost
        }
    }
}

extension MultiplyAdds {
    /// An object with all kinds.
    package var json: String {
        "{" + Kind.allCases.map { "\"\($0.rawValue)\":\(self[$0])" }.joined(separator: ",") + "}"
    }
}

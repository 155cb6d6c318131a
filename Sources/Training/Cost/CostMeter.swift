import ConcordTensors

/// Counts what a run costs, from when it is made.
///
/// ```swift
/// let meter = CostMeter()
/// try Trainer(clip, optimizer: AdamW(learningRate: 5e-4), cost: meter).train(on: pairs, steps: 500)
/// print(meter.cost.processorSeconds, meter.cost.multiplyAdds.total)
/// ```
///
/// Processor time, memory and bytes are the process's: of several runs at once each meter counts all of them.
public final class CostMeter {
    private let started = ContinuousClock.now
    private let usageBefore = ProcessUsage.now()
    private let energy: EnergyMeter
    private var earlier = RunCost()
    /// Steps, their multiply-adds and seconds.
    private var own = RunCost()
    private var measured: (cost: RunCost, at: ContinuousClock.Instant)?

    /// Starts to count.
    /// - Parameter energy: the machine's energy counters.
    public init(energy: EnergyMeter = EnergyMeter()) { self.energy = energy }

    /// Goes on from what an earlier part of the run had cost, if that is more than what is known of it. It is for the
    /// start: after the first step it does nothing.
    public func goOn(from cost: RunCost) {
        if own.steps == 0, cost.wallSeconds > earlier.wallSeconds { earlier = cost }
    }

    /// Counts one step.
    func add(_ multiplyAdds: MultiplyAdds, seconds: Double) {
        own.steps += 1
        own.multiplyAdds = own.multiplyAdds + multiplyAdds
        own.stepSeconds += seconds
    }

    /// Up to now.
    public var cost: RunCost {
        let usage = ProcessUsage.now()
        own.wallSeconds = (ContinuousClock.now - started).inSeconds
        own.processorSeconds = usage.processorSeconds - usageBefore.processorSeconds
        own.joules = energy.joules
        own.energyAbsence = energy.absence
        own.peakResidentBytes = usage.peakResidentBytes
        own.bytesRead = usage.bytesRead - usageBefore.bytesRead
        own.bytesWritten = usage.bytesWritten - usageBefore.bytesWritten
        own.storageBytesRead = usage.storageBytesRead - usageBefore.storageBytesRead
        own.storageBytesWritten = usage.storageBytesWritten - usageBefore.storageBytesWritten
        let cost = own.following(earlier)
        measured = (cost, .now)
        return cost
    }

    /// The same, with all that the system is asked for up to a tenth of a second old, so that short steps do not wait
    /// for it.
    var recentCost: RunCost {
        guard let measured, ContinuousClock.now - measured.at < .milliseconds(100) else { return cost }
        var recent = measured.cost
        let now = own.following(earlier)
        (recent.steps, recent.multiplyAdds) = (now.steps, now.multiplyAdds)
        recent.stepSeconds = now.stepSeconds
        return recent
    }
}

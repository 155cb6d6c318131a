import Concord

/// One workload here and in PyTorch.
struct Comparison: Encodable {
    /// Medians over the runs of this comparison.
    var own: StepTimings
    var baseline: [PyTorchBaseline.Timings]
    /// The processor's name, as the kernel has it.
    var processor: String
    /// What was compared.
    var versions: LibraryVersions
    /// The largest relative difference of three losses from the same weights; nil where it was not checked.
    var lossDistance: Float?
    /// Seconds of PyTorch's fastest mode over Concord's median.
    var ratioToBest: Double?
    /// Concord's peak memory over the smallest of PyTorch's modes into this.
    var memoryRatio: Double?

    init(
        _ own: [StepTimings], _ baseline: [PyTorchBaseline.Timings], versions: LibraryVersions, lossDistance: Float?
    ) {
        var measurements = own[0]
        let timing = Timing(own.map(\.medianS))
        measurements.itemsPerS *= measurements.medianS / timing.median
        measurements.gflopPerS *= measurements.medianS / timing.median
        measurements.medianS = timing.median
        measurements.minS = own.map(\.minS).min() ?? measurements.minS
        measurements.maxS = own.map(\.maxS).max() ?? measurements.maxS
        measurements.peakMib = own.map(\.peakMib).max() ?? measurements.peakMib
        (self.own, self.baseline, self.lossDistance) = (measurements, Self.medians(baseline), lossDistance)
        (processor, self.versions) = (LibraryVersions.processor, versions)
        ratioToBest = best.map { $0.seconds / measurements.medianS }
        memoryRatio = self.baseline.compactMap(\.peakMib).min().map { measurements.peakMib / $0 }
    }

    private enum CodingKeys: String, CodingKey {
        case baseline, processor, versions, lossDistance, ratioToBest, memoryRatio
    }

    /// One object: the measurements of `steps`, and what the comparison adds.
    func encode(to encoder: any Encoder) throws {
        try own.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(baseline, forKey: .baseline)
        try container.encode(processor, forKey: .processor)
        try container.encode(versions, forKey: .versions)
        try container.encodeIfPresent(lossDistance, forKey: .lossDistance)
        try container.encodeIfPresent(ratioToBest, forKey: .ratioToBest)
        try container.encodeIfPresent(memoryRatio, forKey: .memoryRatio)
    }

    /// PyTorch's fastest mode.
    var best: (mode: String, seconds: Double)? {
        baseline.compactMap { run in run.medianS.map { (run.mode, $0) } }.min { $0.1 < $1.1 }
    }

    /// One entry a mode.
    private static func medians(_ baseline: [PyTorchBaseline.Timings]) -> [PyTorchBaseline.Timings] {
        var modes: [String] = []
        for run in baseline where !modes.contains(run.mode) { modes.append(run.mode) }
        return modes.map { mode in
            let runs = baseline.filter { $0.mode == mode }, seconds = runs.compactMap(\.medianS)
            return PyTorchBaseline.Timings(
                mode: mode, medianS: seconds.isEmpty ? nil : Timing(seconds).median,
                peakMib: runs.compactMap(\.peakMib).max(),
                failure: runs.compactMap(\.failure).first)
        }
    }

    static func heading(_ precision: Precision) -> String {
        "workload".left(13) + PyTorchBaseline.modes(precision).map { $0.right(13) }.joined() + "concord".right(10)
            + "ratio".right(8)
            + "of peak".right(9) + "MiB".right(7) + "PyTorch".right(8) + "difference".right(14)
    }

    var row: String {
        let modes = PyTorchBaseline.modes(own.precision).map { mode in
            (baseline.first { $0.mode == mode }?.medianS?.decimals(4) ?? "-").right(13)
        }
        let memory = baseline.compactMap(\.peakMib).min()?.decimals(0) ?? "-"
        return own.workload.left(13) + modes.joined() + own.medianS.decimals(4).right(10)
            + (ratioToBest?.decimals(2) ?? "-").right(8)
            + (own.fractionOfPeak?.percent ?? "").right(9) + own.peakMib.decimals(0).right(7) + memory.right(8)
            + (lossDistance.map { "\(Float(Int($0 * 1e7)) / 1e7)" } ?? "-").right(14)
    }
}

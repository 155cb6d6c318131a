import Concord

/// One workload here and in PyTorch.
struct Comparison: Encodable {
    /// Medians over the runs of this comparison.
    var own: StepTimings
    var peers: [Peer.Figures]
    /// How far three losses from the same weights are apart, relatively; nil where that was not asked.
    var lossDistance: Float?
    /// The peer's best mode's seconds over these.
    var ratioToBest: Double?
    /// The least memory of the peer's modes into this.
    var memoryRatio: Double?

    init(_ own: [StepTimings], _ peers: [Peer.Figures], lossDistance: Float?) {
        var measurements = own[0]
        let timing = Timing(own.map(\.medianS))
        measurements.itemsPerS *= measurements.medianS / timing.median
        measurements.gflopPerS *= measurements.medianS / timing.median
        measurements.medianS = timing.median
        measurements.minS = own.map(\.minS).min() ?? measurements.minS
        measurements.maxS = own.map(\.maxS).max() ?? measurements.maxS
        measurements.peakMib = own.map(\.peakMib).max() ?? measurements.peakMib
        (self.own, self.peers, self.lossDistance) = (measurements, Self.medians(peers), lossDistance)
        ratioToBest = best.map { $0.seconds / measurements.medianS }
        memoryRatio = self.peers.compactMap(\.peakMib).min().map { measurements.peakMib / $0 }
    }

    private enum CodingKeys: String, CodingKey { case peers, lossDistance, ratioToBest, memoryRatio }

    /// One object: the measurements of `steps`, and what the comparison adds.
    func encode(to encoder: any Encoder) throws {
        try own.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(peers, forKey: .peers)
        try container.encodeIfPresent(lossDistance, forKey: .lossDistance)
        try container.encodeIfPresent(ratioToBest, forKey: .ratioToBest)
        try container.encodeIfPresent(memoryRatio, forKey: .memoryRatio)
    }

    /// The peer's fastest mode.
    var best: (mode: String, seconds: Double)? {
        peers.compactMap { peer in peer.medianS.map { (peer.mode, $0) } }.min { $0.1 < $1.1 }
    }

    /// One entry a mode.
    private static func medians(_ peers: [Peer.Figures]) -> [Peer.Figures] {
        var modes: [String] = []
        for peer in peers where !modes.contains(peer.mode) { modes.append(peer.mode) }
        return modes.map { mode in
            let runs = peers.filter { $0.mode == mode }, seconds = runs.compactMap(\.medianS)
            return Peer.Figures(
                mode: mode, medianS: seconds.isEmpty ? nil : Timing(seconds).median,
                peakMib: runs.compactMap(\.peakMib).max(),
                failure: runs.compactMap(\.failure).first)
        }
    }

    static func heading(_ precision: Precision) -> String {
        "workload".left(13) + Peer.modes(precision).map { $0.right(13) }.joined() + "concord".right(10)
            + "ratio".right(8)
            + "of peak".right(9) + "MiB".right(7) + "theirs".right(8) + "losses apart".right(14)
    }

    var row: String {
        let modes = Peer.modes(own.precision).map { mode in
            (peers.first { $0.mode == mode }?.medianS?.decimals(4) ?? "-").right(13)
        }
        let theirs = peers.compactMap(\.peakMib).min()?.decimals(0) ?? "-"
        return own.workload.left(13) + modes.joined() + own.medianS.decimals(4).right(10)
            + (ratioToBest?.decimals(2) ?? "-").right(8)
            + (own.shareOfPeak?.percent ?? "").right(9) + own.peakMib.decimals(0).right(7) + theirs.right(8)
            + (lossDistance.map { "\(Float(Int($0 * 1e7)) / 1e7)" } ?? "-").right(14)
    }
}

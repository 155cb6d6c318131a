import ConcordCommunication
import ConcordLayers
public import ConcordTensors

extension Contrastive: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        towers.first { !$0.isSliceable }.map {
            "the input of tower \"\($0.name)\" cannot be cut into samples (it is not RowSliceable)"
        }
    }

    public func lossWithGradient(of batch: B, microbatch: Int) -> (Loss, Gradients) {
        let inputs = towers.map { tower in
            tower.input(in: batch).flatMap { input in
                (input.value as? any RowSliceable).map { (value: $0, rows: input.rows, count: input.count) }
            }
        }
        guard inputs.contains(where: { !Microbatches.isWhole($0?.value.rowCount ?? 0, atMost: microbatch) }) else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        let ranks = Communicator.current
        let own = inputs.lazy.compactMap { $0.map { $0.count ?? $0.value.rowCount } }.first
        let counts = ranks.gather(own ?? Context.current.sampleKeys.count)
        let whole = zip(towers, inputs).map { tower, input in
            let rows = tower.mayLackInput ? Self.rows(input?.rows, of: input?.value.rowCount ?? 0, counts) : nil
            return rows?.isEmpty ?? (input == nil) ? nil : WholeInput(rows: rows, count: counts.reduce(0, +))
        }
        var cache = GradientCache(microbatch: microbatch)
        for (tower, (input, whole)) in zip(towers, zip(inputs, whole)) where whole != nil {
            if let value = input?.value, value.rowCount > 0 {
                cache.add(count: value.rowCount) { tower(value.rows(in: $0)) }
            } else {
                cache.addNone(width: dimension)
            }
        }
        let isRing = Context.current.circulatesEmbeddings && canCirculate && whole.allSatisfy { $0 != nil && $0?.rows == nil }
        if isRing {
            let labels = labels(of: batch)
            return cache.lossWithGradient(isGathering: false) { values in
                aligned(values.map { TowerEmbeddings($0, rows: nil, count: nil) }, labels: labels, isRing: true)
            }
        }
        let labels = labels(of: batch)?.gatheredFromRanks()
        return cache.lossWithGradient { values in
            var values = values[...]
            return aligned(
                whole.map { input in
                    input.map { TowerEmbeddings(values.removeFirst(), rows: $0.rows, count: $0.count) }
                }, labels: labels)
        }
    }

    public func lossWithGradientWithoutSamples() -> (Loss, Gradients) {
        Communicator.current.abort("no sample of its shard of the batch has an input of a contrastive objective")
    }

    /// The samples of the whole batch that have a tower's input (nil: all), and how many samples there are.
    private struct WholeInput {
        let rows: [Int]?
        let count: Int
    }

    /// The rows of all ranks that have an input; nil: all rows.
    private static func rows(_ own: [Int]?, of count: Int, _ counts: [Int]) -> [Int]? {
        let ranks = Communicator.current
        var first = 0, rows: [Int] = []
        for (all, count) in zip(ranks.gather((own ?? Array(0..<count)).map(Int32.init)), counts) {
            rows += all.map { first + Int($0) }
            first += count
        }
        return rows.count == first ? nil : rows
    }
}

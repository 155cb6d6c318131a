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
        guard inputs.contains(where: { ($0?.value.rowCount ?? 0) > microbatch }) else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        var cache = GradientCache(microbatch: microbatch)
        for (tower, input) in zip(towers, inputs) {
            if let value = input?.value { cache.add(count: value.rowCount) { tower(value.rows(in: $0)) } }
        }
        return cache.lossWithGradient { values in
            var values = values[...]
            return aligned(
                inputs.map { input in
                    input.map { TowerEmbeddings(values.removeFirst(), rows: $0.rows, count: $0.count) }
                }, in: batch)
        }
    }
}

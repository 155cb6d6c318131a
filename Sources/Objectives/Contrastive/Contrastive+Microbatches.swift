import ConcordLayers
public import ConcordTensors

extension Contrastive: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? {
        towers.lazy.compactMap { tower in
            tower.encoder.isDivisible
                ? nil : "the input of tower \"\(tower.name)\" does not say how to be cut into samples (RowSliceable)"
        }.first
    }

    public func lossWithGradient(of batch: B, microbatch: Int) -> (Loss, Gradients) {
        let inputs = towers.map { $0.encoder.input(of: batch) }
        guard inputs.contains(where: { ($0?.size ?? 0) > microbatch }) else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        var cache = GradientCache(microbatch: microbatch)
        for (tower, input) in zip(towers, inputs) {
            if let input, let size = input.size { cache.add(count: size) { tower.projection(input.features($0)) } }
        }
        return cache.lossWithGradient { values in
            var values = values[...]
            return aligned(inputs.map { input in input.map { $0.embeddings(values.removeFirst()) } }, in: batch)
        }
    }
}

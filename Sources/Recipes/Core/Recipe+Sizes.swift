#if canImport(Glibc)
    import Glibc
#endif

extension Recipe {
    /// Bytes of this machine's memory.
    static var physicalMemory: Double { Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))) }

    /// Refuses sizes that cannot fit in memory, before anything is allocated.
    ///
    /// Counts only what a run needs at least: values, gradients and moments of the weights, a batch of images and the
    /// first feature map.
    /// - Parameters:
    ///   - vocabulary: ids of the tokenizer.
    ///   - ids: those of each input of ids.
    ///   - limit: bytes.
    /// - Throws: `RecipeError.data` with the key that takes the most.
    func requireFitting(vocabulary: Int, ids: [RecipeInput: IDVocabulary] = [:], limit: Double) throws {
        let states = Double(8 + 4 * optimizer.name.moments)
        var needs: [(key: String, bytes: Double)] = weights(vocabulary, ids).map { ($0.key, $0.count * states) }
        if let views = views.image {
            let side = Double(views.size), clips = Double(self.views.video?.length ?? 0)
            let images = self.objective.needs.inputs.reduce(0.0) {
                $0 + ($1.kind == .image ? 1 : $1.kind == .video ? clips : 0)
            }
            needs.append(("views.size", Double(batch) * images * side * side * 12))
            if let local = views.localCrops {
                let pixels = Double(local.size * local.size) * Double(local.count)
                needs.append(("views.local_crops.count", Double(batch) * images * pixels * 12))
            }
            if views.crop == .shared {
                needs.append(("views.resize", Double(batch) * images * Double(views.resize) * Double(views.resize) * 3))
            }
        }
        for encoder in model.encoders {
            needs += encoder.recipe.activationBytes(samples: microbatch ?? batch, views: views).map {
                ("model.\(encoder.key).\($0.key)", $0.amount)
            }
        }
        let total = needs.reduce(0) { $0 + $1.bytes }
        guard total > limit, let largest = needs.max(by: { $0.bytes < $1.bytes }) else { return }
        throw RecipeError.data(
            message:
                "\(largest.key): the recipe needs at least \(Self.gibibytes(total)) of memory, "
                    + "\(Self.gibibytes(largest.bytes)) for this, "
                + "and there are \(Self.gibibytes(limit)); make it smaller")
    }

    private static func gibibytes(_ bytes: Double) -> String { "\((bytes / 0x1p30 * 10).rounded() / 10) GiB" }

    /// Roughly how many weights each key asks for.
    private func weights(_ vocabulary: Int, _ ids: [RecipeInput: IDVocabulary]) -> [(key: String, count: Double)] {
        var result: [(key: String, count: Double)] = [], outputs = 0.0
        for encoder in model.encoders {
            let known = encoder.inputs.first.flatMap { ids[$0]?.count } ?? vocabulary
            result += encoder.recipe.weights(vocabulary: known).map {
                ("model.\(encoder.key).\($0.key)", $0.amount)
            }
            outputs += Double(encoder.recipe.embeddingSize)
        }
        let first = model.encoders.first?.recipe, audio = first as? any WaveformRecipe
        let features = audio?.convolutions.features ?? Double(first?.embeddingSize ?? 0)
        if let own = objective.recipe.weights(
            features: features, context: audio?.convolutions.width ?? features)
        {
            result.append(own)
        }
        result.append(("model.dimension", outputs * Double(model.dimension)))
        return result
    }
}

import ConcordLayers

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
    ///   - limit: bytes.
    /// - Throws: `RecipeError.data` with the key that takes the most.
    func requireFitting(vocabulary: Int, limit: Double) throws {
        let states = optimizer.name == .adamw ? 16.0 : 12.0
        var needs: [(key: String, bytes: Double)] = weights(vocabulary: vocabulary).map { ($0.key, $0.count * states) }
        if let image = model.image, let views = views.image {
            let side = Double(views.size), map = image.stem == .cifar ? side : side / 2
            needs.append(("views.size", Double(batch) * side * side * 12))
            needs.append(("model.image.width", Double(microbatch ?? batch) * map * map * Double(image.width) * 8))
            if views.crop == .shared {
                needs.append(("views.resize", Double(batch) * Double(views.resize) * Double(views.resize) * 3))
            }
        }
        if let audio = model.audio, audio.encoder == .logMel {
            needs.append(("model.audio.window", audio.frames(rate: views.audio?.rate ?? 16000).spectrumBytes))
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
    private func weights(vocabulary: Int) -> [(key: String, count: Double)] {
        var result: [(key: String, count: Double)] = [], outputs = 0.0
        if let image = model.image {
            let widths = Double(image.width) / 64
            let paper: [Int: Double] = [18: 11.2e6, 34: 21.3e6, 50: 23.5e6]
            result.append(("model.image.width", paper[image.depth, default: 11.2e6] * widths * widths))
            outputs += Double(image.width) * (image.depth == 50 ? 32 : 8)
        }
        if let text = model.text {
            let width = Double(text.width)
            result.append(("model.text.width", 12 * width * width * Double(text.depth) + width * Double(vocabulary)))
            result.append(("model.text.context", width * Double(text.context)))
            outputs += width
        }
        if let audio = model.audio {
            let inputs = [audio.encoder == .logMel ? audio.mels : 1] + audio.channels
            let layers = zip(zip(inputs, audio.channels), audio.kernels).map {
                Double($0.0) * Double($0.1) * Double($1)
            }
            result.append(("model.audio.channels", layers.reduce(0, +)))
            let channels = Double(audio.channels.last ?? 1), hidden = Double(audio.hidden)
            switch audio.context {
            case .none:
                result.append(("model.audio.channels", objective.needs.unit == .windows ? 6 * channels * channels : 0))
            case .gru, .lstm:
                result.append(
                    ("model.audio.hidden", 4 * hidden * (channels + hidden + 2 * hidden * Double(audio.layers - 1))))
            case .transformer: result.append(("model.audio.channels", 12 * channels * channels * Double(audio.layers)))
            }
            let width = audio.context == .gru || audio.context == .lstm ? hidden : channels
            outputs += width
            if let own = objective.recipe.weights(features: channels, context: width) { result.append(own) }
        }
        result.append(("model.dimension", outputs * Double(model.dimension)))
        return result
    }
}

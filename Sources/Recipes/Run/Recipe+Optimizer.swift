import ConcordTraining

extension Recipe {
    func makeOptimizer() -> any Optimizer {
        switch optimizer.name {
        case .adamw:
            AdamW(
                learningRate: optimizer.learningRate, betas: (optimizer.betas.0, optimizer.betas.1), weightDecay: optimizer.weightDecay)
        case .sgd: SGD(learningRate: optimizer.learningRate, momentum: optimizer.momentum, weightDecay: optimizer.weightDecay)
        }
    }

    /// - Parameter updatesPerEpoch: of the data at hand.
    func makeSchedule(updatesPerEpoch: Int) -> Schedule {
        let total =
            switch length {
            case .epochs(let count): count * updatesPerEpoch
            case .steps(let count): count
            }
        let warmUp =
            switch schedule.warmUp {
            case .epochs(let count): Int((count * Double(updatesPerEpoch)).rounded())
            case .steps(let count): count
            }
        switch schedule.name {
        case .cosine: return .cosine(warmup: min(warmUp, total), total: total)
        case .linear: return .linear(warmup: min(warmUp, total), total: total)
        case .constant: return .constant(warmup: warmUp)
        }
    }
}

extension CheckpointSettings {
    var bestFigure: BestFigure? {
        best.map { name in
            ["loss", "cross_entropy", "perplexity", "rank"].contains(where: name.hasSuffix) ? .lowest(name) : .highest(name)
        }
    }
}

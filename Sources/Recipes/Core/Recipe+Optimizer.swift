package import ConcordTraining

extension Recipe {
    package func makeOptimizer() -> any Optimizer {
        switch optimizer.name {
        case .adamw:
            AdamW(
                learningRate: optimizer.learningRate, betas: (optimizer.betas.0, optimizer.betas.1),
                weightDecay: optimizer.weightDecay, layerDecay: optimizer.layerDecay)
        case .sgd:
            SGD(
                learningRate: optimizer.learningRate, momentum: optimizer.momentum, weightDecay: optimizer.weightDecay,
                layerDecay: optimizer.layerDecay)
        case .lars:
            LARS(
                learningRate: optimizer.learningRate, momentum: optimizer.momentum, weightDecay: optimizer.weightDecay,
                trust: optimizer.trust, layerDecay: optimizer.layerDecay)
        case .lamb:
            LAMB(
                learningRate: optimizer.learningRate, betas: (optimizer.betas.0, optimizer.betas.1),
                weightDecay: optimizer.weightDecay, layerDecay: optimizer.layerDecay)
        case .lion:
            Lion(
                learningRate: optimizer.learningRate, betas: (optimizer.betas.0, optimizer.betas.1),
                weightDecay: optimizer.weightDecay, layerDecay: optimizer.layerDecay)
        }
    }

    /// - Parameter updatesPerEpoch: of the data at hand.
    package func makeSchedule(updatesPerEpoch: Int) -> Schedule {
        let total = updates(perEpoch: updatesPerEpoch), warmUp = warmUpUpdates(updatesPerEpoch)
        switch schedule.name {
        case .cosine: return .cosine(warmup: min(warmUp, total), total: total, floor: schedule.floor)
        case .linear: return .linear(warmup: min(warmUp, total), total: total, floor: schedule.floor)
        case .constant: return .constant(warmup: warmUp)
        }
    }

    /// A sentence where the run ends before its warm-up does, so that the learning rate never decays; else nil.
    package func scheduleWarning(updatesPerEpoch: Int) -> String? {
        let total = updates(perEpoch: updatesPerEpoch), warmUp = warmUpUpdates(updatesPerEpoch)
        guard warmUp >= total, total > 1 else { return nil }
        return
            "the learning rate rises to the end: schedule asks for a warm-up of \(warmUp) updates, and the run has "
                + "\(total); "
            + "schedule.warmup takes a fraction of the run, such as 0.05"
    }

    private func warmUpUpdates(_ updatesPerEpoch: Int) -> Int {
        switch schedule.warmUp {
        case .fraction(let fraction): Self.whole(fraction * Double(updates(perEpoch: updatesPerEpoch)))
        case .epochs(let count): Self.whole(count * Double(updatesPerEpoch))
        case .steps(let count): count
        }
    }

    /// Rounded; the largest Int for what is larger.
    private static func whole(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? .max }
}

extension EarlyStoppingSettings {
    var rule: EarlyStopping? {
        metric.map { EarlyStopping($0, patience: patience, minimumChange: minimumChange) }
    }
}

import ConcordLayers

/// The state of a run besides parameters, buffers and moments, stored in a checkpoint's metadata.
///
/// Nothing in it depends on the clock: equal runs write equal files.
struct TrainerState: Equatable {
    struct Best: Equatable {
        var metric: String
        var value: Double
        var step: Int
    }

    /// Updates so far.
    var step = 0
    var seed: UInt64
    var accumulate: Int
    /// Samples whose activations are in memory at a time; nil: a batch's.
    var microbatch: Int?
    /// Momentum of the weights' moving average; nil: none.
    var averaging: String?
    /// Updates in an epoch; 0 before the first batch.
    var stepsPerEpoch = 0
    var best: Best?
    var stopping = EarlyStopping.Progress()

    var metadata: [String: String] {
        var result = [
            "step": "\(step)", "seed": "\(seed)", "accumulate": "\(accumulate)", "steps_per_epoch": "\(stepsPerEpoch)",
        ]
        if let microbatch { result["microbatch"] = "\(microbatch)" }
        if let averaging { result["averaging"] = averaging }
        if stepsPerEpoch > 0 { result["epoch"] = "\(step / stepsPerEpoch)" }
        if let best {
            result["best_figure"] = best.metric
            result["best_value"] = "\(best.value)"
            result["best_step"] = "\(best.step)"
        }
        if let value = stopping.best { result["early_stopping_best"] = "\(value)" }
        if stopping.evaluationsSince > 0 { result["early_stopping_evaluations"] = "\(stopping.evaluationsSince)" }
        return result
    }

    init(seed: UInt64, accumulate: Int, microbatch: Int? = nil, averaging: Momentum? = nil) {
        (self.seed, self.accumulate, self.microbatch) = (seed, accumulate, microbatch)
        self.averaging = averaging.map { momentum in
            switch momentum {
            case .constant(let value): "\(value)"
            case .cosine(let start): "cosine from \(start)"
            case .scheduled(let schedule): schedule.description
            }
        }
    }

    /// - Throws: `TrainingError.brokenCheckpoint` for a file that no trainer wrote.
    init(metadata: [String: String], path: String) throws {
        func value<T: LosslessStringConvertible>(_ key: String) throws -> T {
            guard let text = metadata[key], let value = T(text) else {
                throw TrainingError.brokenCheckpoint(
                    path: path, reason: "its metadata has no usable \"\(key)\": not a trainer's checkpoint")
            }
            return value
        }
        step = try value("step")
        seed = try value("seed")
        accumulate = try value("accumulate")
        stepsPerEpoch = try value("steps_per_epoch")
        if metadata["microbatch"] != nil { microbatch = try value("microbatch") }
        averaging = metadata["averaging"]
        if let metric = metadata["best_figure"] {
            best = Best(metric: metric, value: try value("best_value"), step: try value("best_step"))
        }
        if metadata["early_stopping_best"] != nil { stopping.best = try value("early_stopping_best") }
        if metadata["early_stopping_evaluations"] != nil {
            stopping.evaluationsSince = try value("early_stopping_evaluations")
        }
    }

    /// Resuming under other settings would not repeat the run.
    func requireSame(_ now: TrainerState, checkpoint: String) throws {
        func require(_ setting: String, _ saved: String?, _ now: String?) throws {
            guard saved != now else { return }
            throw TrainingError.otherSetting(
                checkpoint: checkpoint, setting: setting, saved: saved ?? "none", now: now ?? "none")
        }
        try require("seed", "\(seed)", "\(now.seed)")
        try require("accumulate", "\(accumulate)", "\(now.accumulate)")
        try require("microbatch", microbatch.map { "\($0)" }, now.microbatch.map { "\($0)" })
        try require("averaging", averaging, now.averaging)
    }

    /// Takes the length of an epoch from the data; a resumed run must find the one that it had.
    mutating func enter(_ plan: TrainingPlan, resumedFrom checkpoint: String?) throws {
        if let checkpoint, stepsPerEpoch != plan.stepsPerEpoch {
            throw TrainingError.otherSetting(
                checkpoint: checkpoint, setting: "steps an epoch", saved: "\(stepsPerEpoch)",
                now: "\(plan.stepsPerEpoch)")
        }
        stepsPerEpoch = plan.stepsPerEpoch
    }

    /// Notes an evaluation.
    /// - Returns: whether it is the best so far.
    mutating func compare(_ evaluation: [Metric], by name: String?) throws -> Bool {
        guard let name else { return false }
        let metric = try evaluation.named(name)
        guard metric.improves(on: best?.metric == name ? best?.value : nil) else { return false }
        best = Best(metric: name, value: metric.value, step: step)
        return true
    }

    /// Notes an evaluation for early stopping.
    /// - Returns: whether the run is over.
    mutating func isOver(after evaluation: [Metric], by rule: EarlyStopping?) throws -> Bool {
        guard let rule else { return false }
        rule.note(try evaluation.named(rule.metric), in: &stopping)
        return rule.isOver(stopping)
    }
}

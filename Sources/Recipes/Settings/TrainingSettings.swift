public import ConcordCommunication
/// `optimizer`.
public struct OptimizerSettings: Sendable {
    /// The optimizers that recipes name.
    public enum Name: String, Sendable, CaseIterable {
        /// Adam with decoupled weight decay.
        case adamw
        /// Stochastic gradient descent with momentum.
        case sgd
        /// The same with steps as long as the weights, for large batches.
        case lars
        /// Adam with steps as long as the weights, for large batches.
        case lamb
        /// Steps of one size, in the direction of the gradient's moving average.
        case lion

        /// Learning rate and weight decay where a recipe has none.
        var defaults: (learningRate: Double, weightDecay: Double) {
            switch self {
            case .adamw: (1e-3, 0.1)
            case .sgd: (0.1, 1e-4)
            case .lars: (0.3, 1e-6)
            case .lamb: (2e-3, 0.01)
            case .lion: (1e-4, 1)
            }
        }

        /// Numbers that it keeps for each weight.
        var moments: Int { self == .adamw || self == .lamb ? 2 : 1 }
    }

    /// Which optimizer.
    public let name: Name
    /// Its largest learning rate, and the weight decay.
    public let learningRate, weightDecay: Double
    /// Decay of the moments of `adamw`, `lamb` and `lion`.
    public let betas: (Double, Double)
    /// Of `sgd` and `lars`.
    public let momentum: Double
    /// Of `lars`: the length of a step at rate 1 relative to that of the weights.
    public let trust: Double
    /// Factor of the learning rate from one layer of an encoder to the one before it; 1: all alike.
    public let layerDecay: Double
    /// Largest norm of the gradient; nil clips nothing.
    public let clip: Double?
    /// Batches whose gradients are averaged for one update. Their samples are not each other's negatives.
    public let accumulate: Int

    init(_ fields: Fields) throws {
        name = try fields.choice(
            "name", default: Name.adamw,
            "The optimizer: adamw, sgd; lars, lamb for large batches; lion with one moment instead of two.")
        let defaults = name.defaults
        learningRate = try fields.number("learning_rate", default: defaults.learningRate, "Peak learning rate.")
        weightDecay = try fields.number("weight_decay", default: defaults.weightDecay, "Weight decay.")
        let numbers = try fields.numbers(
            "betas", default: [0.9, name == .lion ? 0.99 : 0.999], in: 0...0.999_999_9,
            "Decay rates of the moments of adamw, lamb and lion.")
        betas = (numbers[0], numbers[1])
        momentum = try fields.number("momentum", default: 0.9, in: 0...0.9999, "Momentum of sgd and lars.")
        trust =
            name == .lars
            ? try fields.number(
                "trust", default: 0.001, in: 1e-9...1e3,
                "The length of a step at learning rate 1 relative to that of the weights.") : 0.001
        layerDecay = try fields.number(
            "layer_decay", default: 1, in: 0.01...1,
            "Factor of the learning rate from one layer of an encoder to the one before it: below 1, early layers "
                + "change less.")
        let limit = try fields.number(
            "clip", default: name == .lamb ? 1 : 0, "Largest norm of the gradient; 0 does not clip.")
        clip = limit > 0 ? limit : nil
        accumulate = try fields.integer(
            "accumulate", default: 1, in: 1...65536, "Batches whose gradients are averaged for one update.")
    }
}

/// `schedule`: the learning rate's way.
public struct ScheduleSettings: Sendable {
    /// The curve of the learning rate after the warm-up.
    public enum Name: String, Sendable, CaseIterable {
        /// Half a cosine down to the floor.
        case cosine
        /// A straight line down to the floor.
        case linear
        /// The same rate to the end.
        case constant
    }

    /// How long the learning rate rises.
    public enum WarmUp: Sendable, Equatable {
        /// A fraction of the run's updates.
        case fraction(Double)
        /// In epochs.
        case epochs(Double)
        /// In updates.
        case steps(Int)
    }

    /// The curve after the warm-up.
    public let name: Name
    /// How long the learning rate rises.
    public let warmUp: WarmUp
    /// What cosine and linear end at, as a fraction of the peak learning rate.
    public let floor: Double

    init(_ fields: Fields) throws {
        name = try fields.choice("name", default: Name.cosine, "How the learning rate decays after the warm-up.")
        let ways = ["warmup", "warmup_epochs", "warmup_steps"].filter(fields.has)
        if ways.count > 1 { throw fields.fault(ways[1], "give \(ways.joined(separator: " or ")), not both") }
        let updates = try fields.integer(
            "warmup_steps", in: 0...1_000_000_000_000, "Updates over which the learning rate rises, in place of warmup."
        )
        let epochs = try fields.number(
            "warmup_epochs", in: 0...1e9, "Epochs over which the learning rate rises, in place of warmup.")
        if let updates {
            warmUp = .steps(updates)
        } else if let epochs {
            warmUp = .epochs(epochs)
        } else {
            warmUp = .fraction(
                try fields.number(
                    "warmup", default: 0.05, in: 0...1, "Fraction of the run over which the learning rate rises from 0."
                ))
        }
        floor =
            name == .constant
            ? 0
            : try fields.number(
                "floor", default: 0, in: 0...1, "What the learning rate decays to, as a fraction of its peak.")
    }
}

/// `loader`.
public struct LoaderSettings: Sendable {
    /// Threads that decode and augment.
    public let threads: Int
    /// Batches made ahead at most.
    public let prefetch: Int

    init(_ fields: Fields) throws {
        threads = try fields.integer("threads", default: 2, in: 1...256, "Threads that decode and augment.")
        prefetch = try fields.integer("prefetch", default: 3, in: 1...1024, "Most batches prepared ahead.")
    }
}

/// `ranks`: how processes that mpirun started train together; nothing in a process alone.
public struct RanksSettings: Sendable {
    /// Whether batch normalization takes the statistics of all ranks' samples, as one process would.
    public let syncBatchNorm: Bool
    /// How InfoNCE sees the embeddings of all ranks.
    public let contrast: ContrastForm
    /// Whether each rank keeps the optimizer's state of a shard of the parameters.
    public let shardOptimizer: Bool

    init(_ fields: Fields) throws {
        syncBatchNorm = try fields.flag(
            "sync_batch_norm", default: false,
            "Batch normalization by the statistics of all ranks' samples; else each rank by its own.")
        contrast = try fields.choice(
            "contrast", default: ContrastForm.gather,
            "gather: every rank has all embeddings; ring: they go around the ranks, in less memory (InfoNCE alone).")
        shardOptimizer = try fields.flag(
            "shard_optimizer", default: false,
            "Each rank keeps the optimizer's state of a shard of the parameters (ZeRO-1).")
    }
}

/// `early_stopping`.
public struct EarlyStoppingSettings: Sendable {
    /// Evaluations in a row without an improvement after which training ends; 0 never.
    public let patience: Int
    /// The metric that is to improve; nil where patience is 0.
    public let metric: String?
    /// Less than this is no improvement.
    public let minimumChange: Double

    init(_ fields: Fields, checkpoint: CheckpointSettings, evaluateEvery: Int) throws {
        patience = try fields.integer(
            "patience", default: 0, in: 0...1_000_000_000,
            "Evaluations in a row without an improvement after which training ends; 0 never.")
        guard patience > 0 else {
            (metric, minimumChange) = (nil, 0)
            return
        }
        let name = try fields.string(
            "metric", default: checkpoint.best ?? "", "The metric that is to improve; checkpoint.best without it.")
        minimumChange = try fields.number(
            "min_delta", default: 0, in: 0...1e9, "What a value must be better by to be an improvement.")
        guard !name.isEmpty else {
            throw fields.fault(
                "patience", "nothing says what is to improve: give early_stopping.metric or checkpoint.best")
        }
        guard evaluateEvery > 0 else {
            throw fields.fault(
                "patience", "there is one evaluation, at the end: give evaluate.every, the steps between evaluations")
        }
        metric = name
    }
}

/// `checkpoint`.
public struct CheckpointSettings: Sendable {
    /// Steps between checkpoints; there is one at the end in any case.
    public let every: Int
    /// Latest ones kept, beside the best.
    public let keep: Int
    /// The metric whose best value marks the best checkpoint, such as `retrieval.image_to_text.r1`; nil marks none.
    /// The evaluation knows whether its highest or its lowest value is the best.
    public let best: String?

    init(_ fields: Fields) throws {
        every = try fields.integer(
            "every", default: 100, in: 1...Int.max, "Steps between checkpoints; there is always one at the end.")
        keep = try fields.integer(
            "keep", default: 2, in: 1...Int.max, "Latest checkpoints that are kept, beside the best.")
        let metric = try fields.string(
            "best", default: "", "The metric that marks the best checkpoint, such as retrieval.image_to_text.r1.")
        best = metric.isEmpty ? nil : metric
    }
}

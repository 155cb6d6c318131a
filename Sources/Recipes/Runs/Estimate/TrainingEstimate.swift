import ConcordFiles
public import ConcordTensors

/// What a recipe will cost on this machine in time and memory, from a few measured steps: `Recipe.estimate`.
public struct TrainingEstimate: Sendable, Equatable {
    /// Updates that the run makes, if early stopping does not end it.
    public var steps = 0
    /// Of activations and matmuls: what the recipe's becomes here.
    public var precision = Precision.float32
    /// Of data, tokenizer and model, before the first step.
    public var startSeconds = 0.0
    /// Of a step in the first epoch, whose samples are decoded.
    public var firstEpochStepSeconds = 0.0
    /// Of a step in a later epoch, whose samples are in memory as far as `data.cache_mib` allows.
    public var laterStepSeconds = 0.0
    /// Of all steps, what the first ones take longer than the others included.
    public var stepsSeconds = 0.0
    /// Evaluations of the held-out rows, that before the first step included.
    public var evaluations = 0
    /// Of one evaluation.
    public var evaluationSeconds = 0.0
    /// Checkpoints that are written.
    public var checkpoints = 0
    /// Of one checkpoint's two files.
    public var checkpointBytes = 0
    /// Of the process, in the measured steps and evaluations.
    public var measuredPeakBytes = 0
    /// What the cache of decoded samples will hold more than when the steps were measured.
    public var cacheGrowthBytes = 0
    /// What an evaluation of all held-out rows takes more than the measured steps.
    public var evaluationGrowthBytes = 0
    /// Of the measured steps, their mean; kinds as of ``MultiplyAdds``.
    public var multiplyAddsPerStep = MultiplyAdds()
    /// Steps that were measured, without the first ones, which warm up.
    public var measuredSteps = 0
    /// What measuring took.
    public var measuringSeconds = 0.0

    /// Bytes a second that checkpoints are assumed to be written with: no file is written to measure it.
    public static let assumedWriteRate = 400e6

    /// Of one checkpoint, at the assumed rate.
    public var checkpointSeconds: Double { 0.01 + Double(checkpointBytes) / Self.assumedWriteRate }
    /// Of the whole run.
    public var seconds: Double {
        startSeconds + stepsSeconds + Double(evaluations) * evaluationSeconds + Double(checkpoints) * checkpointSeconds
    }
    /// The most memory that the process will have resident at once.
    public var peakResidentBytes: Int { measuredPeakBytes + cacheGrowthBytes + evaluationGrowthBytes }

    /// An object with all of it.
    public var json: String {
        func seconds(_ value: Double) -> String { JSONText.number((value * 1e6).rounded() / 1e6) }
        let kinds = MultiplyAdds.Kind.allCases.map { "\"\($0.rawValue)\":\(multiplyAddsPerStep[$0])" }
        let members = [
            "\"seconds\":\(seconds(self.seconds))", "\"peak_resident_bytes\":\(peakResidentBytes)",
            "\"steps\":\(steps)", "\"precision\":\"\(precision)\"", "\"start_seconds\":\(seconds(startSeconds))",
            "\"first_epoch_step_seconds\":\(seconds(firstEpochStepSeconds))",
            "\"later_step_seconds\":\(seconds(laterStepSeconds))", "\"steps_seconds\":\(seconds(stepsSeconds))",
            "\"evaluations\":\(evaluations)", "\"evaluation_seconds\":\(seconds(evaluationSeconds))",
            "\"checkpoints\":\(checkpoints)", "\"checkpoint_bytes\":\(checkpointBytes)",
            "\"checkpoint_seconds\":\(seconds(checkpointSeconds))",
            "\"measured_peak_bytes\":\(measuredPeakBytes)", "\"cache_growth_bytes\":\(cacheGrowthBytes)",
            "\"evaluation_growth_bytes\":\(evaluationGrowthBytes)",
            "\"multiply_adds_per_step\":{\(kinds.joined(separator: ","))}", "\"measured_steps\":\(measuredSteps)",
            "\"measuring_seconds\":\(seconds(measuringSeconds))",
        ]
        return "{" + members.joined(separator: ",") + "}"
    }
}

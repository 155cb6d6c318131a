import ConcordCommunication
import ConcordInterchange
import ConcordLayers

extension Trainer {
    /// Resumes from the newest checkpoint of a folder: parameters, buffers, optimizer and step are as they were when it
    /// was written.
    /// - Returns: the step, 0 where there is no checkpoint yet: the run was stopped before its first.
    /// - Throws: `TrainingError.otherSetting` where the trainer's seed, accumulation, microbatch or averaging differ,
    ///   and what reading throws.
    @discardableResult
    public func resume(from directory: String) throws -> Int {
        mayContinue = true
        let entries = CheckpointDirectory(directory).resumable
        let newest = ranks.gather(entries.last?.step ?? 0)
        if let other = newest.first(where: { $0 != newest[0] }) {
            throw TrainingError.ranksDisagree(directory: directory, step: newest[0], other: other)
        }
        guard let entry = entries.last else { return 0 }
        do { try take(entry) } catch let error as InterchangeError {
            guard let path = error.damagedPath, let earlier = entries.dropLast().last else { throw error }
            throw TrainingError.brokenCheckpoint(
                path: path, reason: "damaged since it was written; remove it to go on from step \(earlier.step)")
        }
        return state.step
    }

    private func take(_ entry: CheckpointDirectory.Entry) throws {
        let model = try Safetensors(path: entry.model), moments = try Safetensors(path: entry.optimizer)
        let saved = try TrainerState(metadata: model.metadata, path: entry.model)
        guard try saved == TrainerState(metadata: moments.metadata, path: entry.optimizer) else {
            throw TrainingError.brokenCheckpoint(
                path: entry.optimizer, reason: "it is not of the same step and run as \(entry.model)")
        }
        try saved.requireSame(state, checkpoint: entry.model)
        let optimizerState = try moments.names.map { ($0, try moments.tensor($0)) }
        if let average {
            try objective.load(checkpoint: model, weights: .latest)
            let prefix = CheckpointWeights.averagePrefix
            try average.load(model) { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : nil }
        } else {
            try objective.load(model)
        }
        try optimizer.restore(optimizerState, for: objective)
        state = saved
        resumedFrom = entry.model
    }

    /// Writes a checkpoint now; nothing without `checkpoints`.
    public func saveCheckpoint() throws {
        guard let checkpoints = settings.checkpoints else { return }
        let optimizerState = settings.isWriter || settings.shardsOptimizer ? optimizer.state : []
        guard settings.isWriter else { return }
        let metadata = checkpoints.metadata.merging(state.metadata) { _, own in own }
        let averaged = average?.stateDictionary().map { (CheckpointWeights.averagePrefix + $0.name, $0.tensor) } ?? []
        try checkpoints.directory.write(
            step: state.step, model: objective.stateDictionary() + averaged, optimizer: optimizerState,
            metadata: metadata)
        checkpoints.directory.prune(keeping: checkpoints.kept, best: state.best?.step)
    }
}

extension InterchangeError {
    /// The path of a damaged file, nil for other errors.
    fileprivate var damagedPath: String? {
        switch self {
        case .malformed(let path, _), .malformedTensor(let path, _, _): path
        default: nil
        }
    }
}

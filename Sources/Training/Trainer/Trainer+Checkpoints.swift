import ConcordInterchange
import ConcordLayers

extension Trainer {
    /// Goes on from the newest checkpoint of a folder: parameters, buffers, optimizer and step are as they were when it
    /// was written.
    /// - Returns: the step, 0 where there is no checkpoint yet: the run was stopped before its first.
    /// - Throws: `TrainingError.otherSetting` where the trainer's seed or accumulation differ, and what reading throws.
    @discardableResult
    public func resume(from directory: String) throws -> Int {
        mayContinue = true
        let entries = CheckpointDirectory(directory).resumable
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
        try objective.load(model)
        try optimizer.restore(optimizerState, for: objective)
        state = saved
        resumedFrom = entry.model
    }

    /// Writes a checkpoint now, where the trainer has a place for them.
    public func saveCheckpoint() throws {
        guard let checkpoints = settings.checkpoints else { return }
        let metadata = checkpoints.metadata.merging(state.metadata) { _, own in own }
        try checkpoints.directory.write(
            step: state.step, model: objective.stateDictionary(), optimizer: optimizer.state, metadata: metadata)
        checkpoints.directory.prune(keeping: checkpoints.kept, best: state.best?.step)
    }
}

extension InterchangeError {
    /// The file that is not as its writer left it, nil for other errors.
    fileprivate var damagedPath: String? {
        switch self {
        case .malformed(let path, _), .malformedTensor(let path, _, _): path
        default: nil
        }
    }
}

import ConcordInterchange
import ConcordLayers

extension Trainer {
    /// Goes on from the newest checkpoint of a folder: parameters, buffers, optimizer and step are as they were when it was written.
    /// - Returns: the step, 0 where there is no checkpoint yet: the run was stopped before its first.
    /// - Throws: `TrainingError.otherSetting` where the trainer's seed or accumulation differ, and what reading throws.
    @discardableResult
    public func resume(from directory: String) throws -> Int {
        mayContinue = true
        guard let entry = CheckpointDirectory(directory).resumable else { return 0 }
        let model = try Safetensors(path: entry.model), moments = try Safetensors(path: entry.optimizer)
        let saved = try TrainerState(metadata: model.metadata, path: entry.model)
        guard try saved == TrainerState(metadata: moments.metadata, path: entry.optimizer) else {
            throw TrainingError.brokenCheckpoint(path: entry.optimizer, reason: "it is not of the same step and run as \(entry.model)")
        }
        try saved.requireSame(state, checkpoint: entry.model)
        let optimizerState = try moments.names.map { ($0, try moments.tensor($0)) }
        try objective.load(model)
        try optimizer.restore(optimizerState, for: objective)
        state = saved
        resumedFrom = entry.model
        return state.step
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

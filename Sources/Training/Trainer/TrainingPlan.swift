import ConcordTensors

/// Steps, epochs and batches of a run: an update takes `accumulate` batches, the last of an epoch those that are left.
struct TrainingPlan {
    let batchesPerEpoch: Int
    let accumulate: Int
    /// Updates in all.
    let total: Int

    init(batchesPerEpoch: Int, accumulate: Int, epochs: Int?, steps: Int?, schedule: Schedule) {
        ShapeCheck.require(epochs == nil || steps == nil, "train", "say epochs or steps, not both")
        self.batchesPerEpoch = batchesPerEpoch
        self.accumulate = accumulate
        let stepsPerEpoch = (batchesPerEpoch + accumulate - 1) / accumulate
        guard let total = steps ?? epochs.map({ $0 * stepsPerEpoch }) ?? schedule.total else {
            ShapeCheck.fail("train", "how long? Say epochs or steps, or give the trainer a schedule that ends")
        }
        self.total = total
    }

    /// Updates in an epoch.
    var stepsPerEpoch: Int { (batchesPerEpoch + accumulate - 1) / accumulate }

    /// The update, counted from 0, that a batch belongs to.
    func step(epoch: Int, batch: Int) -> Int { epoch * stepsPerEpoch + batch / accumulate }

    /// Whether a batch is the last of its update.
    func isLast(batch: Int) -> Bool { batch % accumulate == accumulate - 1 || batch == batchesPerEpoch - 1 }

    /// The number, counted over all epochs, of an update's first batch.
    func firstBatch(of step: Int) -> Int { step / stepsPerEpoch * batchesPerEpoch + step % stepsPerEpoch * accumulate }
}

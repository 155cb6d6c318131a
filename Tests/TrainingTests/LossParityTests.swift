import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The first 20 losses of CLIP against PyTorch from the same weights and batches: `Tests/Fixtures/clip_training.py`.
@Suite struct LossParityTests {
    private func check(_ script: ScriptClip, against fixture: Fixture) throws {
        let clip = script.model(), batches = (0..<4).map { script.batch($0) }
        let optimizer = AdamW(learningRate: Double(ScriptClip.learningRate), weightDecay: 0.1)
        let expected = fixture["losses"].scalars
        let spread = zip(fixture["losses.eager"].scalars, fixture["losses.channels_last"].scalars).map { abs($0 / $1 - 1) }
        for step in expected.indices {
            let (loss, gradients) = valueWithGradient(step: step) { clip(batches[step % 4]) }
            try optimizer.update(clip, with: gradients)
            let difference = abs(loss.total.item / expected[step] - 1)
            #expect(difference <= max(1e-4, 2 * spread[step]), "step \(step): \(loss.total.item), expected \(expected[step])")
        }
        for (path, tensor) in clip.stateDictionary() where fixture.names.contains(ScriptClip.scriptPath(path)) {
            expectClose(tensor, fixture[ScriptClip.scriptPath(path)].reshaped(tensor.shape), tolerance: 1e-3, path)
        }
    }

    @Test func twentyStepsOfANarrowClipAreEqual() throws { try check(.narrow, against: Fixture("clip_training")) }

    /// `CONCORD_FULL_PARITY=1 swift test -c release --filter LossParity`, about a minute.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CONCORD_FULL_PARITY"] != nil))
    func twentyStepsOfAFullClipAreEqual() throws { try check(.full, against: Fixture("clip_training_full")) }
}

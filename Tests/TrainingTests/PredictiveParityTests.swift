import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import TestSupport
import Testing

/// Contrastive predictive coding against PyTorch from the same weights, sounds and negatives: `Tests/Fixtures/cpc.py`.
@Suite struct PredictiveParityTests {
    private let fixture = Fixture("cpc")
    private let count = 6, samples = 1920

    private func model() -> ContrastivePredictiveCoding<WaveformEncoder> {
        ContrastivePredictiveCoding(
            encoder: WaveformEncoder(.cpc(width: 12)), context: GRU(12, hidden: 10), horizon: 3, negatives: 16
        ).filled(prefix: "")
    }

    private func batch(_ step: Int) -> (Waveform, negatives: Tensor) {
        let frames = Float(count * samples / 160)
        let negatives = hashed("negatives.\(step)", [16]).scalars.map { Int32((($0 + 1) / 2 * frames).rounded(.down)) }
        return (
            Waveform(samples: hashed("sound.\(step % 4)", [count, samples]), rate: 8000),
            Tensor(negatives, shape: [1, 16])
        )
    }

    @Test func theFirstStepIsPyTorchs() {
        let model = model(), (sound, negatives) = batch(0)
        let (loss, gradients) = valueWithGradient { model(sound, negatives: negatives) }
        expectClose(Tensor(loss.parts.prefix(3).map(\.value.item), shape: [3]), fixture["steps"])
        checkGradients(gradients, of: model, "step", in: fixture, tolerance: 5e-5)
        checkBuffers(of: model, "step", in: fixture, tolerance: 1e-5)
    }

    /// The tolerance was set before the first look; PyTorch's own float32 is within 4e-7.
    @Test func twentyStepsAreEqual() throws {
        let model = model(), optimizer = AdamW(learningRate: 1e-3, weightDecay: 0)
        let expected = fixture["losses"].scalars,
            spread = zip(fixture["losses.float32"].scalars, expected).map { abs($0 / $1 - 1) }
        for step in expected.indices {
            let (sound, negatives) = batch(step)
            let (loss, gradients) = valueWithGradient(step: step) { model(sound, negatives: negatives) }
            try optimizer.update(model, with: gradients)
            let difference = abs(loss.total.item / expected[step] - 1)
            #expect(
                difference <= max(1e-4, 2 * spread[step]),
                "step \(step): \(loss.total.item), expected \(expected[step])")
        }
    }
}

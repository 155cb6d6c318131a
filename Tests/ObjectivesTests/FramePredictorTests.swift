import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Of contrastive predictive coding, against `Tests/Fixtures/predictors.py`.
@Suite struct FramePredictorTests {
    private let values = hashed("values", [3, 7, 3])

    private func model(
        _ kind: FramePredictorKind, from source: NegativeFrames = .batch, negatives: Int = 5
    ) -> ContrastivePredictiveCoding<StepwiseEncoder> {
        ContrastivePredictiveCoding(
            encoder: StepwiseEncoder(3, 4), context: GRU(4, hidden: 6), horizon: 2, negatives: negatives, from: source,
            predictor: kind)
    }

    @Test(arguments: [FramePredictorKind.gru, .transformer]) func equalsPyTorchs(kind: FramePredictorKind) {
        let name = "cpc.\(kind)", fixture = Fixture("predictors"), model = model(kind).filled(prefix: name + ".")
        let negatives = Tensor([0, 5, 11, 14, 20] as [Int32], shape: [1, 5])
        let (loss, gradients) = valueWithGradient { model(steps(values), negatives: negatives) }
        expectClose(loss.total.reshaped([1]), fixture["\(name)/output"])
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 5e-5)
    }

    @Test(arguments: [FramePredictorKind.gru, .transformer]) func predictionsDoNotSeeLaterContexts(
        kind: FramePredictorKind
    ) {
        let model = model(kind).initialize(seed: 1), contexts = hashed("contexts", [1, 5, 6])
        let cut = contexts.sliced(0..<3, axis: 1)
        let layer = model.networks[0].layer
        expectClose(layer(contexts).sliced(0..<3, axis: 1), layer(cut))
    }

    /// Frames 0 to 6 of a sequence are its own number.
    @Test func negativesAreOfTheQuerysGroup() {
        let model = model(.linear, from: .group, negatives: 200).initialize(seed: 1)
        let all = withSampleKeys((0..<3).map { RandomKey(seed: 2).derived($0) }) {
            (
                model(steps(values), groups: Tensor([7, 7, 7] as [Int32], shape: [3])).total.item,
                model(steps(values)).total.item,
                model(steps(values), groups: Tensor([7, 1, 7] as [Int32], shape: [3])).total.item,
                model(steps(values), groups: Tensor([0, 1, 2] as [Int32], shape: [3])).total.item
            )
        }
        #expect(all.0 == all.1 && all.2 != all.0 && all.3 != all.2)
        // A group for each sequence: negatives are its own frames.
        let own = self.model(.linear, from: .sequence, negatives: 200).initialize(seed: 1)
        let expected = withSampleKeys((0..<3).map { RandomKey(seed: 2).derived($0) }) { own(steps(values)).total.item }
        #expect(all.3 == expected)
    }

    @Test func aResidualStackIsPyTorchs() {
        let fixture = Fixture("predictors"), stack = GRU(3, hidden: 6, layers: 3, residual: true)
        stack.filled(prefix: "residual.")
        let (outputs, pullback) = valueWithPullback(of: [values]) { [stack($0[0])] }
        expectClose(outputs[0], fixture["residual/output"])
        let (gradients, _) = pullback([hashed("upstream", [3, 7, 6])])
        checkGradients(gradients, of: stack, "residual", in: fixture, tolerance: 5e-5)
    }
}

import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// What follows the convolutions of a ResNet.
@Suite struct ResNetNormalizationTests {
    private func encoder(_ normalization: ResNet.Normalization) -> ResNet {
        ResNet(depth: 18, stem: .cifar, width: 8, normalization: normalization).initialize(seed: 3)
    }

    @Test(arguments: ResNet.Normalization.allCases)
    func theParameterNamesDoNotDependOnTheNormalization(_ normalization: ResNet.Normalization) {
        let names = ParameterWalk(encoder(normalization)).parameters.map(\.path)
        #expect(names == ParameterWalk(encoder(.batch)).parameters.map(\.path))
        #expect(names.contains("bn1.weight") && names.contains("layer2.0.downsample.1.bias"))
    }

    @Test func groupNormalizationTreatsEachSampleAlone() {
        let encoder = encoder(.group), images = hashed("images", [4, 16, 16, 3])
        let whole = training(step: 0, seed: 0) { encoder(images) }
        let half = training(step: 0, seed: 0) { encoder(images.sliced(2..<4, axis: 0)) }
        expectClose(half, whole.sliced(2..<4, axis: 0), "samples 2 and 3")
    }

    @Test func frozenBatchNormalizationUsesAndKeepsTheRunningStatistics() {
        let encoder = encoder(.frozenBatch), images = hashed("images", [4, 16, 16, 3])
        let buffers = ParameterWalk(encoder).buffers.map { $0.buffer.stored.scalars }
        let trained = training(step: 0, seed: 0) { encoder(images) }
        expectClose(trained, evaluating { encoder(images) }, "training and evaluation")
        #expect(ParameterWalk(encoder).buffers.map { $0.buffer.stored.scalars } == buffers)
    }
}

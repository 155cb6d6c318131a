import ConcordEncoders
import ConcordInterchange
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

/// ResNets against torchvision's with the same hashed weights: `Tests/Fixtures/encoders.py`.
@Suite struct ResNetTests {
    private let fixture = Fixture("encoders")

    @Test(arguments: [
        ("resnet18", 18, ResNet.Stem.imageNet, 64), ("resnet18_cifar", 18, .cifar, 16), ("resnet34", 34, .imageNet, 64),
        ("resnet50", 50, .imageNet, 64),
    ])
    func outputsAndGradientsAreTorchvisions(name: String, depth: Int, stem: ResNet.Stem, side: Int) {
        let encoder = ResNet(depth: depth, stem: stem, classes: 1000).filled(prefix: name + ".")
        let images = hashed("images", [2, side, side, 3])
        // Rounding grows with the depth, and batch statistics of 8 rows magnify it: PyTorch's own float32 outputs are
        // 1.5e-4 off at depth 50.
        let tolerance: Float = depth < 50 ? 5e-5 : 1e-3
        expectClose(encoder.logits(images).sliced(0..<8, axis: 1), fixture["\(name)/logits"], tolerance: 1e-5, "logits")
        let (evaluated, evaluationPullback) = valueWithPullback { _ in [encoder(images)] }
        expectClose(evaluated[0], fixture["\(name)/evaluation"], tolerance: 1e-5, "evaluation")
        let (trained, trainingPullback) = training { valueWithPullback { _ in [encoder(images)] } }
        expectClose(trained[0], fixture["\(name)/training"], tolerance: tolerance, "training")
        let gradients = (depth < 50 ? trainingPullback : evaluationPullback)([
            hashed(name + ".upstream", trained[0].shape)
        ]).0
        checkGradients(gradients, of: encoder, name, in: fixture, tolerance: 1e-4)
        checkBuffers(of: encoder, name, in: fixture, tolerance: 5e-5)
    }

    @Test func keysAreTorchvisions() {
        let walk = ParameterWalk(ResNet(depth: 18, classes: 1000))
        var expected = keys(of: "", convolution: "conv1", norm: "bn1")
        for stage in 1...4 {
            for block in 0..<2 {
                let path = "layer\(stage).\(block)."
                expected +=
                    keys(of: path, convolution: "conv1", norm: "bn1")
                    + keys(of: path, convolution: "conv2", norm: "bn2")
                if stage > 1, block == 0 {
                    expected += keys(of: path, convolution: "downsample.0", norm: "downsample.1")
                }
            }
        }
        expected += ["fc.weight", "fc.bias"]
        let own = walk.parameters.map(\.path)
        #expect(own == expected.filter { !$0.contains("running") && !$0.contains("num_batches") })
        #expect(Set(own + walk.buffers.map(\.path) + walk.unused) == Set(expected))
        #expect(expected.count == 122 && own.count == 62)
        #expect(ResNet(depth: 18, classes: 1000).parameterCount == 11_689_512)
        #expect(ResNet(depth: 18).parameterCount == 11_176_512)
    }

    private func keys(of path: String, convolution: String, norm: String) -> [String] {
        [path + convolution + ".weight"]
            + ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map { path + norm + "." + $0 }
    }

    @Test(arguments: [(34, 218, 21_797_672), (50, 320, 25_557_032)])
    func deeperOnesHaveTorchvisionsCounts(depth: Int, entries: Int, values: Int) {
        let encoder = ResNet(depth: depth, classes: 1000), walk = ParameterWalk(encoder)
        #expect(walk.parameters.count + walk.buffers.count + walk.unused.count == entries)
        #expect(encoder.parameterCount == values)
        if depth == 50 {
            let paths = Set(walk.parameters.map(\.path))
            #expect(
                paths.isSuperset(of: [
                    "layer1.0.conv3.weight", "layer1.0.bn3.bias", "layer1.0.downsample.0.weight",
                    "layer4.2.conv3.weight",
                ]))
        }
    }

    @Test func aFileWithAClassifierAndBatchCountsLoads() throws {
        let folder = TemporaryFolder()
        let source = ResNet(depth: 18, width: 4, classes: 3).initialize(seed: 1),
            target = ResNet(depth: 18, width: 4).initialize(seed: 2)
        let counts = ParameterWalk(source).unused.map { (name: $0, tensor: Tensor([7] as [Int32], shape: [])) }
        try Safetensors.write(source.stateDictionary() + counts, to: folder.file("resnet"))
        try target.load(Safetensors(path: folder.file("resnet")))
        let images = hashed("images", [1, 32, 32, 3])
        #expect(target(images).scalars == source(images).scalars)
    }

    @Test func whatTheStemsMakeOfAnImage() {
        let images = hashed("images", [1, 33, 40, 1])
        #expect(ResNet(depth: 18, width: 4, channels: 1).features(images).shape == [1, 2, 2, 32])
        #expect(ResNet(depth: 18, stem: .cifar, width: 4, channels: 1).features(images).shape == [1, 5, 5, 32])
        #expect(ResNet(depth: 50, width: 4).outputDimension == 128)
    }
}

import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Classification and regression heads: `Tests/Fixtures/supervised.py`.
struct SupervisedTests {
    private let fixture = Fixture("supervised")

    /// An encoder whose output is a parameter, so that its gradient can be looked at.
    private final class Given: FeatureEncoder {
        let x: Parameter
        let outputDimension: Int

        init(_ name: String, _ count: Int, _ width: Int = 5) {
            x = Parameter([count, width], .zeros)
            x.assign(hashed(name, [count, width]))
            outputDimension = width
        }

        func callAsFunction(_ rows: Tensor) -> Tensor { x.value.rows(in: 0..<rows.shape[0]) }
    }

    private func network(
        _ name: String, _ count: Int, outputs: Int, hidden: Bool = false,
        use: SupervisedNetwork<Given>.EncoderUse = .trained
    ) -> SupervisedNetwork<Given> {
        let network = SupervisedNetwork(
            Given(name, count), outputs: outputs, hidden: hidden ? 6 : nil, use: use)
        for (place, linear) in network.head.linears.enumerated() {
            linear.weight.assign(hashedParameter("\(name).\(place).weight", linear.weight.shape))
            if let bias = linear.bias { bias.assign(hashedParameter("\(name).\(place).bias", bias.shape)) }
        }
        return network
    }

    private func expectEqual(_ name: String, _ network: SupervisedNetwork<Given>, _ loss: () -> Loss) throws {
        let (value, gradients) = valueWithGradient { loss() }
        expectClose(value.total.reshaped([1]), fixture[name], name)
        let layers = network.head.linears
        expectClose(try #require(gradients[network.encoder.x]), fixture["\(name) dx"], name)
        expectClose(try #require(gradients[layers[0].weight]), fixture["\(name) dw"], name)
        let bias = try #require(layers[layers.count - 1].bias)
        expectClose(try #require(gradients[bias]), fixture["\(name) db"], name)
    }

    private func labels(_ values: [Int32]) -> Tensor { Tensor(values, shape: [values.count]) }

    private struct ClassCase: CustomTestStringConvertible, Sendable {
        let name: String, labels: [Int32]
        var smoothing: Float = 0
        var weights: [Float]?
        var testDescription: String { name }
    }

    private static let classCases = [
        ClassCase(name: "plain", labels: [0, 3, 1, 1, 2, 0, 3]),
        ClassCase(name: "hidden", labels: [0, 3, 1, 1, 2, 0, 3]),
        ClassCase(name: "unlabeled", labels: [0, -1, 1, -1, 2, 0, -1], smoothing: 0.1),
        ClassCase(name: "weighted", labels: [0, 3, 1, -1, 2, 0, 3], smoothing: 0.2, weights: [0.5, 2, 1, 0]),
        ClassCase(name: "two", labels: [1, 1], weights: [1, 3, 1, 1]),
        ClassCase(name: "one", labels: [2], smoothing: 0.3),
    ]

    @Test(arguments: classCases) private func classifierEqualsPyTorch(_ test: ClassCase) throws {
        let count = test.labels.count
        let network = network(test.name, count, outputs: 4, hidden: test.name == "hidden")
        let classifier = Classifier(network, smoothing: test.smoothing, weights: test.weights)
        try expectEqual(test.name, network) {
            classifier(Labeled(Tensor(zeros: [count, 1]), labels: labels(test.labels)))
        }
    }

    @Test(arguments: Regressor<Given>.LossName.allCases) private func regressorEqualsPyTorch(
        _ loss: Regressor<Given>.LossName
    ) throws {
        let cases: [(suffix: String, targets: [Float])] = [
            ("", [12.5, 3, .nan, -7, 40, 12.5, 0]), (" hidden", [1900, 2020]), (" one", [5]),
        ]
        for (suffix, targets) in cases {
            let name = loss.rawValue + suffix
            let network = network(name, targets.count, outputs: 1, hidden: suffix == " hidden")
            let regressor = Regressor(network, loss: loss)
            regressor.standardize(by: targets)
            try expectEqual(name, network) {
                regressor(
                    Labeled(Tensor(zeros: [targets.count, 1]), labels: Tensor(targets, shape: [targets.count])))
            }
        }
    }

    @Test func microbatchesGiveTheSameGradients() throws {
        let test = Self.classCases[3], count = test.labels.count
        let network = network(test.name, count, outputs: 4)
        let classifier = Classifier(network, smoothing: test.smoothing, weights: test.weights)
        // Given returns its first rows whatever the microbatch: with equal rows the labels alone differ.
        network.encoder.x.assign(
            Tensor.concatenated([Tensor](repeating: hashed("row", [1, 5]), count: count), axis: 0))
        let batch = Labeled(Tensor(zeros: [count, 1]), labels: labels(test.labels))
        let (whole, expected) = valueWithGradient { classifier(batch) }
        let (parts, gradients) = try valueWithGradient(of: classifier, batch, microbatch: 2)
        expectClose(parts.total, whole.total)
        let weight = network.head.linears[0].weight
        expectClose(try #require(gradients[weight]), try #require(expected[weight]))
        let metrics = { (loss: Loss) in loss.metrics.map(\.value.item) }
        #expect(metrics(whole).count == 1)
    }

    @Test func anUntrainedHeadIsAtChance() {
        let network = SupervisedNetwork(Given("chance", 6), outputs: 4)
        for linear in network.head.linears {
            linear.weight.assign(Tensor(zeros: linear.weight.shape))
            linear.bias?.assign(Tensor(zeros: linear.bias?.shape ?? []))
        }
        let batch = Labeled(Tensor(zeros: [6, 1]), labels: labels([0, 1, 2, 3, 0, -1]))
        #expect(abs(Classifier(network)(batch).total.item - log(Float(4))) < 1e-6)
        #expect(abs(Classifier(network, smoothing: 0.5)(batch).total.item - log(Float(4))) < 1e-6)
    }

    @Test func aBatchWithoutLabelsCostsNothing() {
        let network = network("plain", 7, outputs: 4), classifier = Classifier(network)
        let (loss, gradients) = valueWithGradient {
            classifier(Labeled(Tensor(zeros: [7, 1]), labels: labels([Int32](repeating: -1, count: 7))))
        }
        #expect(loss.total.item == 0)
        #expect(gradients.count == 0)
    }

    @Test func aFrozenEncoderGetsNoGradient() throws {
        let network = network("plain", 7, outputs: 4, use: .frozen), classifier = Classifier(network)
        let batch = Labeled(Tensor(zeros: [7, 1]), labels: labels([0, 3, 1, 1, 2, 0, 3]))
        let (loss, gradients) = valueWithGradient { classifier(batch) }
        expectClose(loss.total.reshaped([1]), fixture["plain"])
        #expect(gradients[network.encoder.x] == nil)
        expectClose(try #require(gradients[network.head.linears[0].weight]), fixture["plain dw"])
    }

    @Test func numbersAreInTheLabelsUnit() {
        let network = network("squared", 7, outputs: 1), regressor = Regressor(network)
        regressor.standardize(by: [10, 20, 30, .nan])
        let outputs = Tensor([0, 1, -1] as [Float], shape: [3, 1])
        let std = Float(200.0 / 3).squareRoot()
        expectClose(regressor.numbers(outputs), Tensor([20, 20 + std, 20 - std], shape: [3]))
        regressor.standardize(by: [7, 7])
        expectClose(regressor.numbers(outputs), Tensor([7, 8, 6] as [Float], shape: [3]))
    }
}

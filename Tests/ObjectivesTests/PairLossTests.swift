import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

struct PairLossTests {
    static let labels = Tensor((0..<Int32(12)).map { $0 * $0 % 5 }, shape: [12])

    private func check(_ name: String, sides: [String], _ loss: ([Tensor]) -> Tensor) throws -> Gradients {
        let fixture = Fixture("pairlosses")
        let inputs = sides.map { hashed("\(name) \($0)", [12, 5]) }
        let (value, pullback) = valueWithPullback(of: inputs) { [loss($0)] }
        expectClose(value[0].reshaped([1]), fixture[name], name)
        let (gradients, cotangents) = pullback([Tensor(1)])
        for (side, cotangent) in zip(sides, cotangents) {
            expectClose(try #require(cotangent), fixture["\(name) d\(side)"], "\(name) d\(side)")
        }
        return gradients
    }

    @Test(arguments: [true, false]) func theSigmoidLossEqualsPyTorch(isLabeled: Bool) throws {
        let loss = SigmoidLoss(), name = isLabeled ? "sigmoid labels" : "sigmoid", fixture = Fixture("pairlosses")
        let gradients = try check(name, sides: ["a", "b"]) { loss($0[0], $0[1], labels: isLabeled ? Self.labels : nil) }
        expectClose(try #require(gradients[loss.logitScale]).reshaped([1]), fixture["\(name) dscale"])
        expectClose(try #require(gradients[loss.logitBias]).reshaped([1]), fixture["\(name) dbias"])
    }

    @Test(arguments: [
        ("sampled softmax", false, nil), ("sampled softmax counts", false, [5, 40, 1, 7, 20]),
        ("sampled softmax distinct", true, Array(1...12)),
    ])
    func theSampledSoftmaxEqualsPyTorch(name: String, isDistinct: Bool, counts: [Int]?) throws {
        let loss = SampledSoftmax(temperature: .learned(initial: 0.1), counts: counts)
        let items = isDistinct ? Tensor((0..<Int32(12)).map { $0 }, shape: [12]) : Self.labels
        let gradients = try check(name, sides: ["a", "b"]) { loss($0[0], $0[1], labels: items) }
        let scale = try #require(ParameterWalk(loss).parameters.first)
        #expect(scale.path == "logit_scale")
        expectClose(try #require(gradients[scale.parameter]).reshaped([1]), Fixture("pairlosses")["\(name) dscale"])
    }

    /// The teacher's space has another size, and gets no gradient.
    @Test(arguments: [("relational", 12), ("relational three", 3)])
    func theRelationalLossEqualsPyTorch(name: String, rows: Int) throws {
        let fixture = Fixture("pairlosses"), a = hashed("\(name) a", [rows, 5]), b = hashed("\(name) b", [rows, 7])
        let (values, pullback) = valueWithPullback(of: [a]) { [RelationalLoss()($0[0], b)] }
        expectClose(values[0].reshaped([1]), fixture[name], name)
        expectClose(try #require(pullback([Tensor(1)]).1[0]), fixture["\(name) da"], tolerance: 1e-4, name)
        // Equal relations in a turned, scaled and shifted space: no loss.
        let turned = Tensor([0, -1, 0, 1, 0, 0, 0, 0, 1], shape: [3, 3]), x = hashed("x", [6, 3])
        #expect(RelationalLoss()(x, x.matmul(turned) * 3 + 2).item < 1e-4)
        #expect(RelationalLoss()(hashed("x", [1, 3]), hashed("y", [1, 4])).item == 0)
    }

    /// Several tiles and blocks, in both precisions, against the dense loss.
    @Test(arguments: Precision.allCases) func theSampledSoftmaxOfManyRowsIsTheDenseLoss(_ precision: Precision) throws {
        let count = 1500, a = hashed("many a", [count, 8]), b = hashed("many b", [count, 8])
        let items = Tensor((0..<Int32(count)).map { $0 * $0 % 300 }, shape: [count]), counts = (0..<300).map { 1 + $0 % 9 }
        let loss = SampledSoftmax(temperature: .fixed(0.2), counts: counts)
        let q = Tensor(counts.map { Float($0) / Float(counts.reduce(0, +)) }, shape: [300]).log().gathered(at: items)
        let own = Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let isHit = (items.reshaped([count, 1]) .== items.reshaped([1, count])).converted(to: .float32)
            - (own.reshaped([count, 1]) .== own.reshaped([1, count])).converted(to: .float32)
        func dense(_ a: Tensor, _ b: Tensor) -> Tensor {
            let logits = a.l2Normalized().matmul(b.l2Normalized(), transposing: .right) / 0.2 - q - isHit * 1e9
            return logits.crossEntropy(labels: own)
        }
        let (values, pullback) = withPrecision(precision) {
            valueWithPullback(of: [a, b]) { [loss($0[0], $0[1], labels: items)] }
        }
        let (expected, reference) = valueWithPullback(of: [a, b]) { [dense($0[0], $0[1])] }
        let tolerance: Float = precision == .float32 ? 1e-5 : 2e-2
        expectClose(values[0].reshaped([1]), expected[0].reshaped([1]), tolerance: tolerance)
        for (x, y) in zip(pullback([Tensor(1)]).1, reference([Tensor(1)]).1) {
            expectClose(try #require(x), try #require(y), tolerance: tolerance * 3)
        }
    }

    /// 1,100 rows are two tiles.
    @Test(arguments: [true, false]) func tilesOfTheSigmoidLossAreTheDenseLoss(isLabeled: Bool) throws {
        let count = 1100, a = hashed("tiles a", [count, 4]), b = hashed("tiles b", [count, 4])
        let labels = isLabeled ? Tensor((0..<Int32(count)).map { $0 % 700 }, shape: [count]) : nil
        let ids = labels ?? Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let positives = ids.reshaped([count, 1]) .== ids.reshaped([1, count])
        let loss = SigmoidLoss(scale: 5, bias: -3), scale = loss.logitScale, bias = loss.logitBias
        func dense(_ a: Tensor, _ b: Tensor) -> Tensor {
            let cosines = a.l2Normalized().matmul(b.l2Normalized(), transposing: .right)
            let logits = cosines * scale.value.exp() + bias.value
            return positives.selecting(0 - logits, otherwise: logits).softplus().sum() / Float(count)
        }
        let (values, pullback) = valueWithPullback(of: [a, b]) { [loss($0[0], $0[1], labels: labels)] }
        let (expected, reference) = valueWithPullback(of: [a, b]) { [dense($0[0], $0[1])] }
        expectClose(values[0].reshaped([1]), expected[0].reshaped([1]))
        let (found, wanted) = (pullback([Tensor(2)]), reference([Tensor(2)]))
        for (x, y) in zip(found.1, wanted.1) { expectClose(try #require(x), try #require(y)) }
        for parameter in [scale, bias] {
            expectClose(
                try #require(found.0[parameter]).reshaped([1]), try #require(wanted.0[parameter]).reshaped([1]))
        }
    }

    @Test func theSigmoidLossHoldsATileOfLogits() {
        let count = 4096, a = hashed("peak a", [count, 4]), b = hashed("peak b", [count, 4])
        let loss = SigmoidLoss()
        let peak = Allocator.peak {
            let (_, pullback) = valueWithPullback(of: [a, b]) { [loss($0[0], $0[1])] }
            _ = pullback([Tensor(1)])
        }
        #expect(peak < count * count * 4, "less than one matrix of logits: \(peak) bytes")
    }

    @Test(arguments: TripletLoss.Mining.allCases, TripletLoss.Distance.allCases)
    func tripletsEqualPyTorch(mining: TripletLoss.Mining, distance: TripletLoss.Distance) throws {
        let word = [TripletLoss.Mining.batchAll: "all", .batchHard: "hard", .semiHard: "semihard"][mining] ?? ""
        let loss = TripletLoss(mining: mining, margin: distance == .cosine ? 0.3 : 0.4, distance: distance)
        _ = try check("triplet \(word) \(distance.rawValue)", sides: ["a"]) { loss($0[0], labels: Self.labels) }
    }

    @Test(arguments: TripletLoss.Distance.allCases) func theMarginLossEqualsPyTorch(
        distance: TripletLoss.Distance
    ) throws {
        let loss = MarginLoss(margin: distance == .cosine ? 0.5 : 1, distance: distance)
        _ = try check("margin \(distance.rawValue)", sides: ["a", "b"]) { loss($0[0], $0[1], labels: Self.labels) }
    }

    /// Zhai et al.: at the start, with random directions, a row's loss is ln(1 + e^10) + (N - 1) ln(1 + e^-10) where
    /// all cosines are 0.
    @Test func theSigmoidLossAtItsStartIsThatOfTheBias() {
        let a = Tensor((0..<8).map { Float($0 == 0 ? 1 : 0) }, shape: [1, 8]),
            b = Tensor((0..<8).map { Float($0 == 1 ? 1 : 0) }, shape: [1, 8])
        let rows = 6
        let left = Tensor.concatenated((0..<rows).map { _ in a }, axis: 0),
            right = Tensor.concatenated((0..<rows).map { _ in b }, axis: 0)
        expectClose(SigmoidLoss()(left, right).reshaped([1]), Tensor([10.0000454 + 5 * 4.53989e-5], shape: [1]))
    }

    @Test func aTripletBatchOfOneClassIsZeroAndHasAGradientOfZero() throws {
        let x = hashed("one class", [4, 3]), labels = Tensor([Int32](repeating: 2, count: 4), shape: [4])
        for mining in TripletLoss.Mining.allCases {
            let (loss, pullback) = valueWithPullback(of: [x]) { [TripletLoss(mining: mining)($0[0], labels: labels)] }
            #expect(loss[0].item == 0)
            #expect(try #require(pullback([Tensor(1)]).1[0]).scalars.allSatisfy { $0 == 0 })
        }
    }

    @Test func explicitPairsAreDrawnTogetherOrPushedApart() {
        let a = Tensor([1, 0, 1, 0], shape: [2, 2]), b = Tensor([0, 1, 1, 0], shape: [2, 2])
        let loss = MarginLoss(margin: 0.5)
        // distances 1 and 0: similar costs 1/2 d^2, dissimilar 1/2 (0.5 - d)^2
        expectClose(loss(a, b, isSimilar: Tensor([UInt8(1), 1], shape: [2])).reshaped([1]), Tensor([0.25], shape: [1]))
        expectClose(
            loss(a, b, isSimilar: Tensor([UInt8(0), 0], shape: [2])).reshaped([1]), Tensor([0.0625], shape: [1]))
    }

    @Test func probabilitiesOfTheSigmoidLossNeedNotAddUp() {
        let similarities = Tensor([0.9, 0.1, -0.5, 0.2], shape: [2, 2])
        let sigmoid = SigmoidLoss(scale: 10, bias: -5).probabilities(similarities).scalars
        expectClose(Tensor(sigmoid, shape: [4]), Tensor([0.9820138, 0.0179862, 4.53979e-5, 0.0474259], shape: [4]))
        #expect(abs(InfoNCE().probabilities(similarities).sum(axis: 1).scalars[0] - 1) < 1e-6)
    }

    struct FeatureCase: Sendable, CustomTestStringConvertible {
        let name: String, n: Int, d: Int
        let loss: any PairLoss
        var scale: Float = 1
        var tolerance: Float = 2e-5
        var testDescription: String { name }
    }

    static let featureLosses = [
        FeatureCase(name: "barlow twins", n: 12, d: 5, loss: BarlowTwins()),
        FeatureCase(name: "barlow twins wide", n: 7, d: 24, loss: BarlowTwins(redundancyWeight: 0.1)),
        // Two standardized rows are 1 and -1 whatever they were: what is left of the gradient is that of 1e-5.
        FeatureCase(
            name: "barlow twins of two", n: 2, d: 6, loss: BarlowTwins(redundancyWeight: 0.1), tolerance: 3e-4),
        FeatureCase(name: "vicreg", n: 12, d: 5, loss: VICReg()),
        FeatureCase(
            name: "vicreg wide", n: 7, d: 24,
            loss: VICReg(invarianceWeight: 10, varianceWeight: 15, covarianceWeight: 2), scale: 3),
        FeatureCase(name: "vicreg of two", n: 2, d: 6, loss: VICReg()),
        FeatureCase(name: "w-mse", n: 24, d: 6, loss: WhitenedMSE()),
        FeatureCase(name: "w-mse epsilon", n: 16, d: 7, loss: WhitenedMSE(size: 9, epsilon: 0.2)),
        FeatureCase(name: "w-mse wide", n: 5, d: 9, loss: WhitenedMSE(epsilon: 0.1)),
    ]

    @Test(arguments: featureLosses) func lossesOfFeaturesEqualPyTorch(_ c: FeatureCase) throws {
        let fixture = Fixture("pairlosses")
        let inputs = ["a", "b"].map { hashed("\(c.name) \($0)", [c.n, c.d], scale: c.scale) }
        let (value, pullback) = valueWithPullback(of: inputs) { [c.loss($0[0], $0[0] * 0.5 + $0[1], labels: nil)] }
        expectClose(value[0].reshaped([1]), fixture[c.name], c.name)
        for (side, cotangent) in zip(["a", "b"], pullback([Tensor(1)]).1) {
            expectClose(try #require(cotangent), fixture["\(c.name) d\(side)"], tolerance: c.tolerance, "d\(side)")
        }
    }

    /// Columns of a Hadamard matrix have mean 0, variance 1 and no correlations.
    private static let orthogonal = Tensor(
        [1, 1, 1, -1, 1, -1, 1, -1, -1, -1, -1, 1] as [Float], shape: [4, 3])

    @Test func barlowTwinsOfEqualUncorrelatedViewsIsZeroAndOfUnrelatedOnesD() {
        let x = Self.orthogonal, loss = BarlowTwins(redundancyWeight: 1)
        #expect(loss(x, x).item < 1e-6)
        // Two columns without correlation: (1 - 0)^2.
        let (a, b) = (x.sliced(0..<1, axis: 1), x.sliced(1..<2, axis: 1))
        #expect(abs(BarlowTwins(redundancyWeight: 0)(a, b).item - 1) < 1e-6)
        let one = hashed("one", [1, 8])
        let (value, pullback) = valueWithPullback(of: [one]) { [loss($0[0], $0[0])] }
        #expect(value[0].item == 8 && pullback([Tensor(1)]).1[0]?.scalars.allSatisfy { $0 == 0 } ?? false)
    }

    @Test func vicRegHasItsThreeTerms() {
        let x = Self.orthogonal * 2, loss = VICReg()
        #expect(loss(x, x).item < 1e-4, "varied enough, uncorrelated and equal")
        #expect(abs(loss(x, x + 2).item - 100) < 1e-3, "25 times the squared distance")
        let equal = Tensor(ones: [6, 3])
        #expect(abs(loss(equal, equal).item - 25 * 0.99) < 1e-4, "no variance at all")
        let one = hashed("one", [1, 3])
        #expect(abs(loss(one, one).item - 25 * 0.99) < 1e-4)
        // Two equal columns of variance 16/3 each: 2 (16/3)^2 / 2 a view.
        let column = x.sliced(0..<1, axis: 1), twins = Tensor.concatenated([column, column], axis: 1)
        #expect(abs(loss(twins, twins).item - 2 * 256 / 9) < 1e-3)
    }

    /// The whitened rows of any batch have unit covariance, so equal views are at 0 and linear maps of one are too.
    @Test func whitenedViewsThatAreLinearMapsOfEachOtherAgree() {
        let x = hashed("whitened", [64, 4]), loss = WhitenedMSE(size: 16, iterations: 2)
        #expect(loss(x, x).item < 1e-5)
        let triangle = Tensor([2, 0, 0, 0, 1, 3, 0, 0, -1, 2, 1, 0, 0.5, 0.5, 1, 2] as [Float], shape: [4, 4])
        #expect(loss(x, x.matmul(triangle, transposing: .right)).item < 1e-4, "Cholesky whitening undoes it")
        #expect(abs(loss(x, hashed("unrelated", [64, 4])).item - 2) < 0.5)
        let two = hashed("two", [2, 1])
        #expect(loss(two, two * 3).item < 1e-6 && abs(loss(two, two * -1).item - 4) < 1e-5)
        #expect(loss(hashed("few", [3, 4]), hashed("few", [3, 4])).item.isNaN, "more features than rows")
        #expect(WhitenedMSE(epsilon: 0.1)(hashed("few", [3, 4]), hashed("few", [3, 4])).item < 1e-5)
    }
}

import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct ContrastivePredictiveCodingTests {
    private func model(
        horizon: Int = 2, negatives: Int = 5, from source: NegativeFrames = .batch, loss: InfoNCE? = nil
    ) -> ContrastivePredictiveCoding<StepwiseEncoder> {
        ContrastivePredictiveCoding(
            encoder: StepwiseEncoder(3, 4), context: GRU(4, hidden: 6), horizon: horizon, negatives: negatives,
            from: source,
            loss: loss ?? InfoNCE(temperature: .fixed(0.1), direction: .oneWay)
        ).initialize(seed: 2)
    }

    private let values = hashed("values", [3, 7, 3])
    private let negatives = Tensor([0, 5, 11, 14, 20] as [Int32], shape: [1, 5])

    @Test func keysAreThoseOfItsParts() {
        #expect(
            ParameterWalk(model()).parameters.map(\.path) == [
                "encoder.frame.weight", "encoder.frame.bias", "context.weight_ih_l0", "context.weight_hh_l0",
                "context.bias_ih_l0",
                "context.bias_hh_l0", "predict.0.weight", "predict.1.weight",
            ])
        let learned = model(loss: InfoNCE())
        #expect(ParameterWalk(learned).parameters.last?.path == "logit_scale")
        #expect(learned(steps(values)).metrics.last?.name == "logit_scale")
    }

    /// Step by step, as the paper writes it.
    private func loss(
        _ model: ContrastivePredictiveCoding<StepwiseEncoder>, _ input: StepwiseEncoder.Steps, lengths: [Int],
        negatives: [[Int32]]
    ) -> (loss: Double, accuracy: Double) {
        let (frames, mask) = model.encoder.features(input)
        let contexts = model.context?(frames, mask: mask) ?? model.encoder.context(frames, mask: mask)
        let length = frames.shape[1], width = contexts.shape[2]
        func unit(_ x: [Float]) -> [Double] {
            let norm = x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            return x.map { Double($0) / norm }
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        let bank = (0..<3 * length).map { unit(Array(frames.scalars[$0 * 4..<$0 * 4 + 4])) }
        var sum = 0.0, count = 0.0, hits = 0.0, group = 0
        for n in 0..<3 where lengths[n] > model.horizon {
            for t in 0..<lengths[n] - model.horizon {
                let place = n * length + t
                for k in 1...model.horizon {
                    let weight = model.predict[k - 1].weight.stored
                    let context = contexts.scalars[place * width..<(place + 1) * width]
                    let prediction = Tensor(Array(context), shape: [1, width]).linear(weight: weight)
                    let query = unit(prediction.scalars), positive = 10 * dot(query, bank[place + k])
                    let others = negatives[negatives.count == 1 ? 0 : group].map { 10 * dot(query, bank[Int($0)]) }
                    let drawn = negatives[negatives.count == 1 ? 0 : group]
                    hits += zip(drawn, others).contains { Int($0) != place + k && $1 >= positive } ? 0 : 1
                    sum += log(exp(positive) + others.reduce(0) { $0 + exp($1) }) - positive
                    count += 1
                }
            }
            group += 1
        }
        return (sum / count, hits / count)
    }

    @Test func theLossIsThePapers() {
        let model = model(), result = model(steps(values), negatives: negatives)
        #expect(
            abs(
                Double(result.total.item)
                    - loss(model, steps(values), lengths: [7, 7, 7], negatives: [negatives.integerScalars]).loss)
                < 1e-5)
        let expected = loss(model, steps(values), lengths: [7, 7, 7], negatives: [negatives.integerScalars])
        #expect(abs(Double(result.metrics[0].value.item) - expected.accuracy) < 1e-6 && expected.accuracy > 0)
        #expect(result.parts.map(\.name) == ["step_1", "step_2"])
        #expect(result.metrics.map(\.name) == ["accuracy", "spread"])
        #expect(abs((result.parts[0].value.item + result.parts[1].value.item) / 2 - result.total.item) < 1e-5)
    }

    @Test func paddingIsNeverAnAnchorAPositiveOrANegative() {
        let lengths = [7, 2, 5], input = steps(values, lengths: lengths),
            perSequence = [[0, 1, 2, 3, 4], [14, 15, 16, 17, 18]] as [[Int32]]
        let model = model(), shared = model(input, negatives: negatives).total.item
        #expect(
            abs(Double(shared) - loss(model, input, lengths: lengths, negatives: [negatives.integerScalars]).loss)
                < 1e-5)
        let own = model(input, negatives: Tensor(perSequence.flatMap { $0 }, shape: [2, 5])).total.item
        #expect(abs(Double(own) - loss(model, input, lengths: lengths, negatives: perSequence).loss) < 1e-5)

        var scalars = values.scalars
        for place in [9, 10, 11, 12, 13, 19, 20] { for c in 0..<3 { scalars[place * 3 + c] = 50 } }
        let other = steps(Tensor(scalars, shape: values.shape), lengths: lengths)
        for source in NegativeFrames.allCases {
            let model = self.model(from: source), keys = (0..<3).map { RandomKey(seed: 1).derived($0) }
            let (a, b) = withSampleKeys(keys) { (training { model(input) }, training { model(other) }) }
            #expect(a.total.item == b.total.item && a.parts.map(\.value.item) == b.parts.map(\.value.item))
            #expect(a.metrics.map(\.value.item) == b.metrics.map(\.value.item))
        }
        #expect(model.embed(input).scalars == model.embed(other).scalars)
    }

    @Test func embeddingsAreMeansOfRealContexts() {
        let model = model(), lengths = [7, 2, 5], embedded = model.embed(steps(values, lengths: lengths))
        #expect(embedded.shape == [3, 6] && model.outputDimension == 6)
        for n in 0..<3 {
            let clip = values.sliced(n..<n + 1, axis: 0).sliced(0..<lengths[n], axis: 1)
            expectClose(embedded.sliced(n..<n + 1, axis: 0), model.embed(steps(clip)))
        }
    }

    @Test func theEncodersOwnContextServesWhereNoneIsGiven() {
        let model = ContrastivePredictiveCoding(encoder: StepwiseEncoder(3, 4), horizon: 2, negatives: 5)
            .initialize(seed: 2)
        let input = steps(values), lengths = [7, 7, 7]
        let expected = loss(model, input, lengths: lengths, negatives: [negatives.integerScalars]).loss
        #expect(abs(Double(model(input, negatives: negatives).total.item) - expected) < 1e-5)
        expectClose(model.embed(input), model.encoder(input))
        #expect(ParameterWalk(model).parameters.map(\.path).suffix(2) == ["predict.0.weight", "predict.1.weight"])
    }

    @Test func gradientsMatchDifferences() {
        let model = model(), lengths = [7, 2, 5]
        checkGradients(of: values, tolerance: 3e-3, step: 3e-3) {
            model(steps($0[0], lengths: lengths), negatives: negatives).total
        }
        let own = Tensor([0, 1, 2, 3, 4, 14, 15, 16, 17, 18] as [Int32], shape: [2, 5])
        checkGradients(of: values, tolerance: 3e-3, step: 3e-3) {
            model(steps($0[0], lengths: lengths), negatives: own).total
        }
    }

    @Test func everyParameterGetsAGradient() {
        for source in NegativeFrames.allCases {
            let model = model(from: source)
            let (_, gradients) = valueWithGradient { model(steps(values)) }
            for (path, parameter) in ParameterWalk(model).parameters {
                #expect(gradients[parameter]?.scalars.contains { $0 != 0 } ?? false, "\(path)")
            }
        }
    }

    @Test func equalFramesAreAtChanceAndShowAsCollapse() {
        let result = model(negatives: 8)(steps(Tensor(ones: [3, 7, 3])))
        #expect(abs(result.total.item - log(9)) < 1e-4)
        #expect(result.metrics.last?.value.item ?? 1 < 1e-3)
    }

    @Test func negativesFollowFromTheStepOrFromTheSequence() {
        let batch = model(from: .batch), own = model(from: .sequence)
        func loss(
            _ model: ContrastivePredictiveCoding<StepwiseEncoder>, step: Int, keys: [Int], order: [Int] = [0, 1, 2]
        ) -> Float {
            let rows = values.gathered(at: Tensor(order.map(Int32.init), shape: [3]))
            return withSampleKeys(keys.map { RandomKey(seed: 5).derived($0) }) {
                training(step: step) { model(steps(rows)).total.item }
            }
        }
        #expect(loss(batch, step: 1, keys: [1, 2, 3]) == loss(batch, step: 1, keys: [7, 8, 9]))
        #expect(loss(batch, step: 1, keys: [1, 2, 3]) != loss(batch, step: 2, keys: [1, 2, 3]))
        #expect(loss(own, step: 1, keys: [1, 2, 3]) == loss(own, step: 2, keys: [1, 2, 3]))
        #expect(
            abs(loss(own, step: 1, keys: [1, 2, 3]) - loss(own, step: 1, keys: [3, 1, 2], order: [2, 0, 1])) < 1e-5)
        #expect(loss(own, step: 1, keys: [1, 2, 3]) != loss(own, step: 1, keys: [1, 2, 4]))
    }

    @Test func sequencesThatAreTooShortGiveNothing() {
        let model = model(horizon: 7)
        let (loss, gradients) = valueWithGradient { model(steps(values)) }
        #expect(loss.total.item == 0 && gradients.count == 0)
    }

    @Test func theLossFallsOnSequencesThatCanBePredicted() {
        // Each sequence repeats one of several steps: what comes next is known.
        let kinds = hashed("kinds", [8, 3])
        let input = steps(Tensor.concatenated([Tensor](repeating: kinds.reshaped([8, 1, 3]), count: 5), axis: 1))
        let model = model(negatives: 12)
        let first = model(input).total.item
        for step in 0..<25 {
            let (_, gradients) = valueWithGradient(step: step) { model(input) }
            for (parameter, gradient) in gradients.entries {
                (parameter as? Parameter)?.update { p in
                    let g = gradient.dense.scalars
                    for i in g.indices { p[i] -= 0.2 * g[i] }
                }
            }
        }
        let last = model(input)
        #expect(last.total.item < 0.8 * first, "\(first) to \(last.total.item)")
    }
}

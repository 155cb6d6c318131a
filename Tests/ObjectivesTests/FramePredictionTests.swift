import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

@Suite struct FramePredictionTests {
    private let values = hashed("values", [3, 7, 3])

    private func model(
        ahead: Int = 2, distance: FramePrediction<StepwiseEncoder>.Distance = .l1, cut: Int = 0
    ) -> FramePrediction<StepwiseEncoder> {
        let target = FrameTarget<StepwiseEncoder.Steps>(dimension: 3) {
            $0.values.sliced(0..<$0.values.shape[1] - cut, axis: 1)
        }
        return FramePrediction(
            encoder: StepwiseEncoder(3, 4), context: GRU(4, hidden: 6), target: target, ahead: ahead, distance: distance
        ).initialize(seed: 3)
    }

    @Test func keysAreThoseOfItsParts() {
        #expect(
            ParameterWalk(model()).parameters.map(\.path) == [
                "encoder.frame.weight", "encoder.frame.bias", "context.weight_ih_l0", "context.weight_hh_l0",
                "context.bias_ih_l0",
                "context.bias_hh_l0", "predict.weight", "predict.bias",
            ])
    }

    @Test(arguments: FramePrediction<StepwiseEncoder>.Distance.allCases, [0, 1])
    func theLossIsTheDistanceToTheFrameAhead(distance: FramePrediction<StepwiseEncoder>.Distance, cut: Int) {
        let model = model(distance: distance, cut: cut), lengths = [7, 2, 5]
        for (input, lengths) in [(steps(values), [7, 7, 7]), (steps(values, lengths: lengths), lengths)] {
            let (features, mask) = model.encoder.features(input)
            let predicted = model.predict(model.context?(features, mask: mask) ?? features).scalars, x = values.scalars
            var sums = (loss: 0.0, copy: 0.0, mean: 0.0), count = 0.0
            func far(_ d: Float) -> Double { distance == .l1 ? Double(abs(d)) : Double(d * d) }
            var wanted: [[Float]] = []
            for n in 0..<3 {
                for t in 0..<max(0, min(lengths[n], 7 - cut) - 2) {
                    for c in 0..<3 {
                        let place = (n * 7 + t) * 3 + c, ahead = place + 6
                        sums.loss += far(predicted[place] - x[ahead])
                        sums.copy += far(x[place] - x[ahead])
                        count += 1
                    }
                    wanted.append((0..<3).map { x[(n * 7 + t + 2) * 3 + $0] })
                }
            }
            for c in 0..<3 {
                let mean = wanted.reduce(0) { $0 + $1[c] } / Float(wanted.count)
                for frame in wanted { sums.mean += far(frame[c] - mean) }
            }
            let loss = model(input)
            #expect(abs(Double(loss.total.item) - sums.loss / count) < 1e-6)
            #expect(loss.metrics.map(\.name) == ["mean_frame", "last_frame"])
            #expect(abs(Double(loss.metrics[0].value.item) - sums.mean / count) < 1e-6)
            #expect(abs(Double(loss.metrics[1].value.item) - sums.copy / count) < 1e-6)
        }
    }

    /// `Tests/Fixtures/frames.py`.
    @Test(arguments: FramePrediction<StepwiseEncoder>.Distance.allCases)
    func equalsPyTorchs(distance: FramePrediction<StepwiseEncoder>.Distance) {
        let fixture = Fixture("frames"), name = distance.rawValue
        let model = model(distance: distance).filled(prefix: name + ".")
        let (loss, gradients) = valueWithGradient { model(steps(hashed("sequences", [3, 9, 3]), lengths: [9, 2, 6])) }
        expectClose(loss.total.reshaped([1]), fixture["\(name)/output"])
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 2e-5)
    }

    @Test(arguments: FramePrediction<StepwiseEncoder>.Distance.allCases)
    func gradientsMatchDifferences(distance: FramePrediction<StepwiseEncoder>.Distance) {
        let input = steps(values, lengths: [7, 2, 5])
        // Targets are 2 above or below the input: no residual is near 0, where L1 has no derivative.
        let offsets = Tensor(hashed("offsets", values.shape).scalars.map { $0 < 0 ? -2 : 2 }, shape: values.shape)
        let model = FramePrediction(
            encoder: StepwiseEncoder(3, 4), context: GRU(4, hidden: 6),
            target: FrameTarget<StepwiseEncoder.Steps>(dimension: 3) { $0.values + offsets }, ahead: 2,
            distance: distance
        ).initialize(seed: 3)
        let (_, gradients) = valueWithGradient { model(input) }
        for (path, parameter) in ParameterWalk(model).parameters {
            let stored = parameter.stored
            let numeric = (0..<stored.count).map { i -> Float in
                func slope(_ step: Float) -> Float {
                    let ends = [step, -step].map { step -> Float in
                        var scalars = stored.scalars
                        scalars[i] += step
                        parameter.assign(Tensor(scalars, shape: stored.shape))
                        return model(input).total.item
                    }
                    return (ends[0] - ends[1]) / (2 * step)
                }
                return (4 * slope(5e-2) - slope(1e-1)) / 3  // Richardson's: the error is of fourth order
            }
            parameter.assign(stored)
            expectClose(
                gradients[parameter] ?? Tensor(0), Tensor(numeric, shape: stored.shape), tolerance: 1e-3, path)
        }
    }

    @Test func theTargetGetsNoGradient() throws {
        let model = model()
        let (_, pullback) = valueWithPullback(of: [values]) { [model(steps($0[0])).total] }
        let constant = FramePrediction(
            encoder: model.encoder, context: model.context, target: FrameTarget(dimension: 3) { [values] _ in values },
            ahead: 2)
        let head = try #require(constant.predict as? Linear), trained = try #require(model.predict as? Linear)
        head.weight.assign(trained.weight.stored)
        head.bias?.assign(trained.bias?.stored ?? Tensor(zeros: [3]))
        let (_, other) = valueWithPullback(of: [values]) { [constant(steps($0[0])).total] }
        #expect(pullback([Tensor(1)]).1[0]?.scalars == other([Tensor(1)]).1[0]?.scalars)
    }

    @Test func paddingChangesNothing() {
        let model = model(), lengths = [4, 5, 3]
        let padded = steps(values, lengths: lengths), cut = steps(values.sliced(0..<5, axis: 1), lengths: lengths)
        #expect(abs(model(padded).total.item - model(cut).total.item) < 1e-6)
        expectClose(model.embed(padded), model.embed(cut))
        #expect(model.embed(padded).shape == [3, 6])
    }

    @Test func sequencesThatAreTooShortGiveNothing() {
        let model = model(ahead: 7)
        let (loss, gradients) = valueWithGradient { model(steps(values)) }
        #expect(loss.total.item == 0 && gradients.count == 0)
    }

    @Test func samplesAreCutIntoFrames() {
        let sound = Waveform(samples: hashed("sound", [2, 50]), rate: 8000)
        let model = FramePrediction(encoder: Hops(hop: 10), target: .samples(hop: 10), ahead: 1, distance: .l2)
            .initialize(seed: 1)
        #expect((model.predict as? Linear)?.weight.shape == [10, 4])
        #expect(model(sound).total.item > 0)
        let frames = sound.samples.reshaped([2, 5, 10])
        let wanted = frames.sliced(1..<5, axis: 1), given = frames.sliced(0..<4, axis: 1)
        #expect(abs(model(sound).metrics[1].value.item - (wanted - given).squared().mean().item) < 1e-6)
    }

    @Test func logMelFramesMayBeConcatenated() {
        let sound = Waveform(samples: hashed("sound", [2, 1600]), lengths: [1600, 900], rate: 8000),
            front = LogMel.Configuration.speech(rate: 8000)
        let frames = LogMel(front)(sound), mels = frames.shape[2]
        let target = FrameTarget.logMel(front, stride: 2)
        #expect(target.dimension == 2 * mels)
        let encoder = Fixed(frames: frames.shape[1] / 2)
        let model = FramePrediction(encoder: encoder, target: target, ahead: 1)
        let steps = frames.shape[1] / 2
        let pairs = frames.sliced(0..<2 * steps, axis: 1).reshaped([2, steps, 2 * mels])
        let expected = (pairs.sliced(1..<steps, axis: 1) - pairs.sliced(0..<steps - 1, axis: 1)).abs().mean().item
        #expect(abs(model(sound).metrics[1].value.item - expected) < 1e-4 * expected)
    }

    /// Next frames of videos against PyTorch: `Tests/Fixtures/video.py`.
    @Test(arguments: [("next_last", false), ("next_residual", false), ("next_all", true)])
    func videosArePredictedAsByPyTorch(name: String, every: Bool) {
        let model = FramePrediction(
            encoder: VideoEncoder(frame: ConvolutionalEncoder(imageSize: 16, channels: [4, 8], dimension: 6)),
            context: GRU(6, hidden: 5),
            decoder: ConvolutionalDecoder(5, channels: 8, height: 4, width: 4, doublings: 2),
            target: .frames(size: 16 * 16 * 3), ahead: 2, anchors: every ? .all : .last,
            residual: name == "next_residual")
        model.filled(prefix: "\(name).")
        let fixture = Fixture("video"), clips = Video(hashed("clips", [3, 5, 16, 16, 3]))
        let (loss, gradients) = valueWithGradient { model(clips) }
        expectClose(loss.total.reshaped([1]), fixture["\(name)/output"], tolerance: 1e-5)
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 2e-5)
        let last = clips.frames(2..<3).frames, ahead = clips.frames(4..<5).frames
        guard !every else { return }
        expectClose(loss.metrics[1].value, (last - ahead).abs().mean())
        // What it predicts for the frames that it saw is what the loss was of.
        let next = training { model.next(clips.frames(0..<3)) }
        expectClose((next - ahead.reshaped([3, -1])).abs().mean(), loss.total, tolerance: 1e-5)
    }

    /// So many frames of ones.
    private final class Fixed: SequenceEncoder {
        let frames: Int
        let featureDimension = 4, outputDimension = 4
        init(frames: Int) { self.frames = frames }
        func features(_ input: Waveform) -> (features: Tensor, mask: Tensor?) {
            (Tensor(ones: [input.count, frames, 4]), nil)
        }
        func context(_ features: Tensor, mask: Tensor?) -> Tensor { features }
        func callAsFunction(_ input: Waveform) -> Tensor { features(input).features.mean(axis: 1) }
    }

    /// Frames of so many samples through a linear layer.
    private final class Hops: SequenceEncoder {
        let linear: Linear
        let hop: Int
        let featureDimension = 4, outputDimension = 4

        init(hop: Int) {
            linear = Linear(hop, 4)
            self.hop = hop
        }

        func features(_ input: Waveform) -> (features: Tensor, mask: Tensor?) {
            (linear(input.samples.reshaped([input.count, input.length / hop, hop])), nil)
        }

        func context(_ features: Tensor, mask: Tensor?) -> Tensor { features }
        func callAsFunction(_ input: Waveform) -> Tensor { features(input).features.mean(axis: 1) }
    }
}

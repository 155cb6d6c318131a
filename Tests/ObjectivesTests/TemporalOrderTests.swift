import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct TemporalOrderTests {
    private let clips = Video(hashed("clips", [4, 6, 8, 8, 3]))

    private func model(_ segments: Int, isReversible: Bool = true) -> TemporalOrder<VideoEncoder> {
        TemporalOrder(
            VideoEncoder(
                frame: ConvolutionalEncoder(imageSize: 8, channels: [4], dimension: 6, normalization: .group)),
            segments: segments, isReversible: isReversible, width: 5, hidden: 7
        ).initialize(seed: 1)
    }

    @Test func thereAreHalfAsManyClassesAsOrdersWhereReversalsAreOne() {
        #expect(model(3).orders.count == 3 && model(4).orders.count == 12 && model(5).orders.count == 60)
        #expect(model(3, isReversible: false).orders.count == 6)
        let orders = Set(model(4).orders)
        #expect(orders.count == 12 && orders.allSatisfy { !orders.contains($0.reversed()) })
    }

    @Test func segmentsAreConsecutiveAndWhatIsLeftIsDropped() {
        let cut = clips.cut(into: 4)
        #expect(cut.count == 16 && cut.length == 1)
        expectClose(cut.rows(in: 5..<6).frames, clips.rows(in: 1..<2).frames(1..<2).frames)
        let sound = Waveform(
            Tensor((0..<20).map { Float($0) }, shape: [2, 10]).scalars.chunked(10), rate: 8000)
        let parts = Waveform(samples: sound.samples, lengths: [10, 7], rate: 8000).cut(into: 3)
        #expect(parts.count == 6 && parts.lengths == [3, 3, 3, 2, 2, 2])
        #expect(Array(parts.samples.scalars[3..<6]) == [3, 4, 5] && parts.samples.scalars[9..<11] == [10, 11])
        #expect(Waveform([[], [1, 2]], rate: 8).cut(into: 2).lengths == [1, 1, 1, 1])
    }

    @Test func theLossIsThatOfTheClassifierOverShuffledSegments() {
        let model = model(3), orders = [0, 2, 1, 0], reversed = [false, true, false, true]
        let loss = model(clips, orders: orders, reversed: reversed)
        var sum = 0.0
        for clip in 0..<4 {
            let own = clips.rows(in: clip..<clip + 1)
            let order = reversed[clip] ? model.orders[orders[clip]].reversed() : model.orders[orders[clip]]
            let codes = order.map { part in
                model.head.codes(model.encoder(own.frames(2 * part..<2 * part + 2)))
            }
            let logits = model.head(Tensor.concatenated(codes, axis: 1)).scalars.map(Double.init)
            sum += log(logits.reduce(0) { $0 + exp($1) }) - logits[orders[clip]]
        }
        #expect(abs(Double(loss.total.item) - sum / 4) < 1e-5)
    }

    @Test func itIsTheLogarithmOfTheClassesAtChance() {
        let model = model(4)
        model.head.classifier.weight.assign(Tensor(zeros: model.head.classifier.weight.shape))
        model.head.classifier.bias?.assign(Tensor(zeros: [12]))
        #expect(abs(model(clips).total.item - log(12)) < 1e-5)
    }

    @Test func gradientsAreFiniteDifferences() throws {
        let model = model(3), parameter = model.head.tile.weight
        func loss() -> Loss { model(clips, orders: [1, 0, 2, 1], reversed: [true, false, false, true]) }
        let (_, gradients) = valueWithGradient { loss() }
        let gradient = try #require(gradients[parameter]).scalars, stored = parameter.stored
        for place in [0, 7, 19, 29] {
            var values = stored.scalars
            func at(_ change: Float) -> Float {
                values[place] = stored.scalars[place] + change
                parameter.assign(Tensor(values, shape: stored.shape))
                return loss().total.item
            }
            let numeric = (at(1e-2) - at(-1e-2)) / 2e-2
            #expect(abs(numeric - gradient[place]) < 1e-3)
            parameter.assign(stored)
        }
    }
}

extension Array {
    fileprivate func chunked(_ size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min(count, $0 + size)]) }
    }
}

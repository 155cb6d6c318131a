import ConcordDatasets
import ConcordLayers
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct AudioViewTests {
    private let ramp = Audio((0..<1000).map { Float($0) / 1000 }, rate: 8000)
    private func key(_ number: Int) -> RandomKey { RandomKey(seed: 7).derived(number) }

    @Test func aRandomCropIsAPartFromAnywhere() {
        var starts: Set<Int> = []
        for i in 0..<300 {
            let view = ramp.randomCrop(to: 995, using: key(i))
            let start = Int((view.samples[0] * 1000).rounded())
            #expect(view == ramp.cropped(to: start..<start + 995))
            starts.insert(start)
        }
        #expect(starts == Set(0...5))
        #expect(ramp.randomCrop(to: 1000, using: key(0)) == ramp)
    }

    @Test func theCentreCropIsTheMiddle() {
        #expect(ramp.centerCrop(to: 10).samples == Array(ramp.samples[495..<505]))
        #expect(ramp.centerCrop(to: 11).samples == Array(ramp.samples[494..<505]))
    }

    @Test func shortSoundsAreFilledUp() {
        let short = Audio([1, 2, 3], rate: 8000)
        #expect(short.randomCrop(to: 8, using: key(0)).samples == [1, 2, 3, 0, 0, 0, 0, 0])
        #expect(short.centerCrop(to: 8, filling: .repeats).samples == [1, 2, 3, 1, 2, 3, 0, 0])
        #expect(short.filled(to: 5, .repeats).samples == [1, 2, 3, 0, 0])
        #expect(short.filled(to: 6, .repeats).samples == [1, 2, 3, 1, 2, 3])
        #expect(short.randomCrop(to: 8, filling: .nothing, using: key(0)) == short)
        #expect(short.filled(to: 2) == short)
        #expect(Audio([], rate: 8000).filled(to: 3, .repeats).samples == [0, 0, 0])
    }

    @Test func shiftsMoveAndKeepTheLength() {
        let sound = Audio([1, 2, 3, 4], rate: 8000)
        #expect(sound.shifted(by: 1).samples == [0, 1, 2, 3])
        #expect(sound.shifted(by: -3).samples == [4, 0, 0, 0])
        #expect(sound.shifted(by: 0) == sound)
        #expect(sound.shifted(by: 9).samples == [0, 0, 0, 0])
        #expect(sound.shifted(by: -9).samples == [0, 0, 0, 0])
    }

    @Test func gainsAndPolarityAreExact() {
        let sound = Audio([0.5, -0.25], rate: 8000)
        #expect(sound.inverted().samples == [-0.5, 0.25])
        #expect(difference(sound.amplified(byDecibels: 20).samples, [5, -2.5]) < 1e-5)
        #expect(difference(sound.amplified(byDecibels: -6.0206).samples, [0.25, -0.125]) < 1e-5)
    }

    @Test(arguments: [0, 20, 50] as [Float]) func noiseIsAsFarBelowAsAsked(ratio: Float) {
        let sound = Audio(noise(20_000), rate: 8000), noisy = sound.withNoise(decibelsBelow: ratio, using: key(1))
        let added = zip(noisy.samples, sound.samples).map { $0 - $1 }
        func energy(_ x: [Float]) -> Float { x.reduce(0) { $0 + $1 * $1 } }
        #expect(abs(10 * log10f(energy(sound.samples) / energy(added)) - ratio) < 0.2)
        #expect(abs(added.reduce(0, +)) < 400 * added.map(abs).max()!)
        #expect(Audio([0, 0, 0], rate: 8000).withNoise(decibelsBelow: 3, using: key(2)).samples == [0, 0, 0])
    }

    @Test func viewsAreAFunctionOfTheirKey() {
        let views = AudioViews(length: 400), sound = Audio(noise(1000), rate: 8000)
        #expect(views(sound, using: key(3)) == views(sound, using: key(3)))
        #expect(views(sound, using: key(3)) != views(sound, using: key(4)))
        let (a, b) = views.pair(of: sound, using: key(5))
        #expect(a != b && a.count == 400 && b.count == 400)
    }

    @Test func eachViewHasItsProbability() {
        let sound = Audio(noise(100), rate: 8000)
        func changed(_ change: (inout AudioViews) -> Void) -> Int {
            var views = AudioViews.crops(100)
            change(&views)
            return (0..<400).count { views(sound, using: key($0)) != sound }
        }
        #expect(changed { _ in } == 0)
        #expect(changed { $0.polarityProbability = 0.8 } > 280 && changed { $0.polarityProbability = 0.8 } < 360)
        #expect(changed { $0.noiseProbability = 0.3 } > 80 && changed { $0.noiseProbability = 0.3 } < 160)
        #expect(changed { $0.gainProbability = 1 } == 400)
        #expect(changed { $0.shiftProbability = 1 } > 380)
    }

    @Test func oneProbabilityLeavesTheOtherChoicesAlone() {
        let sound = Audio(noise(300), rate: 8000)
        var views = AudioViews(length: 200)
        (views.noiseProbability, views.gainProbability) = (0, 0)
        let shifted = views(sound, using: key(9)), polarity = views
        views.gainProbability = 1
        views.gain = -6.0206 ... -6.0206
        #expect(difference(views(sound, using: key(9)).samples, shifted.samples.map { $0 / 2 }) < 1e-5)
        #expect(polarity(sound, using: key(9)) == shifted)
    }

    @Test func soundsBecomeAPaddedBatch() {
        let batch = Waveform([Audio([1, 2], rate: 8000), Audio([3, 4, 5], rate: 8000), Audio([], rate: 8000)])
        #expect(batch.samples.scalars == [1, 2, 0, 3, 4, 5, 0, 0, 0])
        #expect(batch.lengths == [2, 3, 0] && batch.rate == 8000 && batch.count == 3 && batch.length == 3)
        #expect(Waveform([Audio([1], rate: 100)], length: 4).samples.scalars == [1, 0, 0, 0])
    }
}

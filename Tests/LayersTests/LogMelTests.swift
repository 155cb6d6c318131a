import ConcordLayers
import ConcordTensors
import Foundation
import TestSupport
import Testing

/// Log-mel frames against torchaudio: `Tests/Fixtures/logmel.py`.
@Suite struct LogMelTests {
    private let fixture = Fixture("logmel")

    private func clip(_ name: String, _ count: Int) -> [Float] {
        hashed("logmel." + name, [count], scale: 0.3).scalars.enumerated().map {
            $1 + Float(0.5 * Foundation.sin(Double($0) * 0.3))
        }
    }

    /// All clips in one padded batch, each against its own frames.
    private func check(
        _ name: String, _ lengths: [Int], _ configuration: LogMel.Configuration, tolerance: Float = 1e-5,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let front = LogMel(configuration)
        let longest = lengths.max() ?? 0
        let waveform = Waveform(
            lengths.enumerated().map { clip("\(name).\($0)", $1) }, length: longest + 777, rate: configuration.rate)
        let frames = front(waveform)
        #expect(
            frames.shape == [lengths.count, front.frameCount(of: longest + 777), configuration.mels],
            sourceLocation: sourceLocation)
        for (n, length) in lengths.enumerated() {
            let own = frames.sliced(n..<n + 1, axis: 0).squeezingAxis(at: 0), count = front.frameCount(of: length)
            expectClose(
                own.sliced(0..<count, axis: 0), fixture["\(name)/\(n)"], tolerance: tolerance, "\(name) \(n)",
                sourceLocation: sourceLocation)
            #expect(
                own.sliced(count..<own.shape[0], axis: 0).scalars.allSatisfy { $0 == 0 }, sourceLocation: sourceLocation
            )
        }
    }

    @Test func theDefaultsAreTorchaudios() { check("default", [3000, 1601, 399], LogMel.Configuration()) }

    @Test func standardizedSpeechFramesEqualTorchaudios() { check("speech", [2000, 1234], .speech(), tolerance: 1e-4) }

    @Test func clapsFramesEqualTorchaudios() {
        check("clap", [4000], .init(rate: 48000, fftSize: 1024, hop: 480, mels: 64, frequencies: 50...14000))
    }

    @Test func slaneysMagnitudesAboveAFloorEqualTorchaudios() {
        check(
            "slaney", [1500, 900],
            .init(
                rate: 22050, fftSize: 512, window: 300, hop: 100, mels: 40, scale: .slaney, isSlaneyNormalized: true,
                power: 1,
                logarithm: .decibels(below: 30)))
    }

    @Test func framesFromTheStartWithOddSizesEqualTorchaudios() {
        check(
            "from_the_start", [1500, 700],
            .init(
                rate: 8000, fftSize: 255, window: 201, hop: 67, mels: 20, isCentered: false,
                logarithm: .natural(offset: 1e-3)))
    }

    @Test func otherPowersEqualTorchaudios() {
        check(
            "cubes", [1000],
            .init(
                rate: 8000, fftSize: 128, window: 127, hop: 50, mels: 12, power: 3, logarithm: .natural(offset: 1e-6))
        )
    }

    @Test func silenceIsTheFloorAndStandardizedZero() {
        let silence = Waveform([[Float](repeating: 0, count: 900)], rate: 16000)
        #expect(LogMel()(silence).scalars.allSatisfy { abs($0 + 100) < 1e-3 })
        #expect(LogMel(.speech())(silence).scalars.allSatisfy { abs($0) < 1e-2 })
    }

    @Test func aToneIsLoudestInItsBand() {
        let front = LogMel(.init(mels: 40))
        for hertz in [300.0, 1000, 4000] {
            let tone = (0..<8000).map { Float(Foundation.sin(2 * .pi * hertz * Double($0) / 16000)) }
            let loudest = front(Waveform([tone], rate: 16000)).sliced(20..<21, axis: 1).flattened(0...1).argmax(axis: 1)
                .integerScalars[0]
            // The middles of the bands are evenly apart in mels.
            let top = 2595 * log10(1 + 8000 / 700.0), mels = 2595 * log10(1 + hertz / 700)
            #expect(abs(Double(loudest + 1) - mels / top * 41) <= 0.6, "\(hertz) Hz in band \(loudest)")
        }
    }

    @Test func theShortestClipsHaveFrames() {
        let front = LogMel()
        for count in [0, 1, 2, 150, 200, 201] {
            let frames = front(Waveform([[Float](repeating: 0.5, count: count)], length: 300, rate: 16000))
            #expect(front.frameCount(of: count) == (count == 0 ? 0 : 1 + count / 200))
            #expect(frames.scalars.allSatisfy { $0.isFinite })
        }
        #expect(front(Waveform([[]], rate: 16000)).shape == [1, 0, 128])
    }

    @Test func aBatchIsItsClipsOneByOne() {
        let front = LogMel(.speech()), clips = (0..<5).map { clip("many.\($0)", 3000 + 4000 * $0) }
        let batch = front(Waveform(clips, rate: 16000))
        for (n, clip) in clips.enumerated() {
            let alone = front(Waveform([clip], rate: 16000))
            let own = batch.sliced(n..<n + 1, axis: 0).sliced(0..<alone.shape[1], axis: 1)
            #expect(own.scalars == alone.scalars)
        }
    }

    @Test func itIsAConstantAndHasNothingToLearn() {
        let front = LogMel()
        #expect(ParameterWalk(front).parameters.isEmpty && ParameterWalk(front).buffers.isEmpty)
    }
}

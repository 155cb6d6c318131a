import ConcordEncoders
import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct VideoEncoderTests {
    private let clips = Video(hashed("clips", [2, 3, 16, 16, 3]))

    private func encoder(_ pooling: VideoEncoder.Pooling) -> VideoEncoder {
        VideoEncoder(
            frame: ConvolutionalEncoder(imageSize: 16, channels: [4, 8], dimension: 6, normalization: .group),
            context: GRU(6, hidden: 5), pooling: pooling
        ).initialize(seed: 2)
    }

    @Test func aClipIsTheMeanOrTheLastOfItsFramesInContext() {
        for pooling in VideoEncoder.Pooling.allCases {
            let encoder = encoder(pooling), embedding = encoder(clips)
            #expect(embedding.shape == [2, 5] && encoder.outputDimension == 5 && encoder.featureDimension == 6)
            let (features, mask) = encoder.features(clips)
            #expect(features.shape == [2, 3, 6] && mask == nil)
            let context = encoder.context(features, mask: nil)
            let expected =
                pooling == .mean ? context.mean(axis: 1) : context.sliced(2..<3, axis: 1).reshaped([2, 5])
            expectClose(embedding, expected)
        }
    }

    @Test func framesAreEncodedOneByOne() {
        let encoder = encoder(.mean)
        let alone = encoder.frame(clips.frames(1..<2).images)
        expectClose(encoder.features(clips).features.sliced(1..<2, axis: 1).reshaped([2, 6]), alone)
        expectClose(encoder.features(clips.rows(in: 1..<2)).features, encoder.features(clips).features.rows(in: 1..<2))
    }

    @Test func keysAreThoseOfItsParts() {
        let paths = ParameterWalk(encoder(.mean)).parameters.map(\.path)
        #expect(paths.first == "frame.convs.0.weight" && paths.last == "context.bias_hh_l0")
        #expect(paths.contains("frame.project.weight"))
    }

    @Test func aMapIsTheEmbeddingWithoutALinearLayer() {
        let map = ConvolutionalEncoder(imageSize: 18, channels: [4, 8], dimension: nil).initialize(seed: 1)
        #expect(map.mapSize == 5 && map.mapChannels == 8 && map.outputDimension == 5 * 5 * 8)
        #expect(map(hashed("images", [2, 18, 18, 3])).shape == [2, 200])
        #expect(!ParameterWalk(map).parameters.map(\.path).contains { $0.hasPrefix("project") })
    }
}

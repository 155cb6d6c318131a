import ConcordDatasets
import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Videos in recipes: frame folders, drawn videos, prediction of the next frame, and pairs with texts.
@Suite(.serialized) struct VideoRecipeTests {
    private let folder = TemporaryFolder()

    private static let next = """
        steps: 8
        batch: 4
        data: {kind: videos, path: clips, split: {last: 0.4}}
        objective: {name: next_frame}
        model: {video: {frame: {encoder: cnn, channels: [4, 8], width: 16}, hidden: 16}}
        views: {frames: 4, size: 16, crop: whole, flip: false, normalization: none}
        schedule: {name: constant, warmup_steps: 0}
        """

    /// Videos of a moving shape as folders of frames; by classes, that move by different speeds.
    private func write(_ count: Int = 4, frames: Int = 15) throws {
        for video in 0..<count {
            let isFast = video % 2 == 0, place = folder.file("clips/\(isFast ? "fast" : "slow")/\(video)")
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            let shapes = MovingShapes(size: 16, shapes: 1, speed: isFast ? 4 : 0.1, seed: 3)
            for frame in 0..<frames { try shapes.frame(frame, of: video).write(jpeg: "\(place)/\(frame).jpg") }
        }
    }

    private func report(_ name: String) throws -> [String: Double] {
        let report = try Run(folder.file(name)).evaluate(data: folder.file(""))
        return Dictionary(report.metrics.map { ($0.name, $0.value) }) { first, _ in first }
    }

    @Test func theLastFramesOfEachVideoAreHeldOut() throws {
        try write()
        try folder.train("run", Self.next)
        let metrics = try report("run")
        // 6 of 15 frames are held out: three windows of four frames in each of four videos.
        let section = try Run(folder.file("run")).evaluate(data: folder.file("")).sections
            .first { $0.name == "next_frame" }
        #expect(section?.table?.rows.first { $0[0] == "all" }?[1] == "12")
        #expect(try #require(metrics["next_frame.all.l1"]) > 0)
        // Repeating the last frame, calculated here.
        var sum = 0.0, count = 0.0
        for video in 0..<4 {
            for frame in 12..<15 {
                let place = folder.file("clips/\(video % 2 == 0 ? "fast" : "slow")/\(video)")
                let (a, b) = (
                    try Image(contentsOf: "\(place)/\(frame - 1).jpg").pixels.bytes,
                    try Image(contentsOf: "\(place)/\(frame).jpg").pixels.bytes
                )
                sum += zip(a, b).reduce(0) { $0 + abs(Double($1.0) - Double($1.1)) / 255 }
                count += Double(a.count)
            }
        }
        #expect(abs(try #require(metrics["next_frame.all.last_l1"]) - sum / count) < 1e-6)
    }

    @Test(arguments: ["next_frame", "simclr", "predictive, horizon: 1, negatives: 4", "temporal_order, segments: 3"]) func resumedItIsTheSameBitsAndItEmbeds(objective: String) throws {
        try write()
        let yaml = Self.next.replacing("name: next_frame", with: "name: \(objective)")
            .replacing("hidden: 16}", with: "context: gru, hidden: 16}")
        try folder.train("whole", yaml)
        try folder.train("parts", yaml, ["steps=5"])
        try folder.train("parts", yaml, ["steps=8"], resumed: true)
        let run = try Run(folder.file("whole"))
        #expect(run.fingerprint == (try Run(folder.file("parts"))).fingerprint)
        let videos = [folder.file("clips/fast/0"), folder.file("clips/slow/1")]
        let index = try run.index(videos: videos)
        #expect(index.embeddings.shape == [2, 16] && index.names == videos)
        #expect(try run.embed(videos: videos).shape == [2, 16])
        #expect(throws: (any Error).self) { try run.embed(videos: [folder.file("clips")]) }
    }

    @Test func aFrameWhoseFileChangesIsOtherData() throws {
        try write()
        try folder.train("run", Self.next, ["steps=4"])
        try Image(width: 64, height: 64).write(jpeg: folder.file("clips/fast/0/0.jpg"))
        #expect(throws: (any Error).self) { try folder.train("run", Self.next, ["steps=8"], resumed: true) }
    }

    @Test func videosTooShortForAClipSaySo() throws {
        try write(frames: 5)
        let error = #expect(throws: (any Error).self) {
            try folder.train("run", Self.next, ["views.frames=9"])
        }
        #expect(error.map { "\($0)" }?.contains("views.frames") == true, "\(error.map { "\($0)" } ?? "")")
        #expect(throws: (any Error).self) { try folder.train("run", Self.next, ["views.frames=1"]) }
        #expect(throws: (any Error).self) {
            try folder.train("run", Self.next, ["model.video.context=conv_gru"])
        }
    }

    @Test func movingShapesArePredictedBetterThanByRepeatingThem() throws {
        let yaml = """
            steps: 150
            batch: 8
            data: {kind: moving_shapes, shapes: {videos: 48, frames: 12, size: 16, shapes: 1, speed: 2}}
            objective: {name: next_frame, from: all, distance: l2, residual: true}
            model: {video: {frame: {encoder: cnn, channels: [16], output: map}, context: conv_gru, hidden: 16}}
            views: {frames: 6, size: 16, crop: whole, flip: false, normalization: none}
            optimizer: {learning_rate: 1e-2, weight_decay: 0}
            """
        try folder.train("run", yaml)
        let metrics = try report("run")
        let psnr = try #require(metrics["next_frame.all.psnr"])
        let last = try #require(metrics["next_frame.all.last_psnr"])
        #expect(psnr > last + 0.5, "\(psnr) dB, repeating \(last)")
        #expect(try Run(folder.file("run")).embed(videos: ["3", "4"]).shape == [2, 16])
    }

    @Test(arguments: ["predictive, horizon: 2, negatives: 16", "temporal_order, segments: 3"])
    func theOrderOfFramesIsLearned(objective: String) throws {
        // Shapes that only fall: what is lower is later.
        let place = folder.file("clips"), shapes = MovingShapes(size: 16, shapes: 1, speed: 1.5, seed: 2)
        for video in 0..<12 {
            try FileManager.default.createDirectory(atPath: "\(place)/\(video)", withIntermediateDirectories: true)
            let color = shapes.frame(0, of: video)[8, 8]
            for frame in 0..<6 {
                var bytes = [UInt8](repeating: 0, count: 16 * 16 * 3)
                for row in 2 * frame..<2 * frame + 4 {
                    for column in 4..<12 {
                        let p = 3 * (row * 16 + column)
                        (bytes[p], bytes[p + 1], bytes[p + 2]) = (200, color.green, UInt8(20 * video))
                    }
                }
                try Image(pixels: Tensor(bytes, shape: [16, 16, 3])).write(jpeg: "\(place)/\(video)/\(frame).jpg")
            }
        }
        let yaml = """
            steps: 60
            batch: 12
            data: {kind: videos, path: clips, split: none}
            objective: {name: \(objective), \(objective.hasPrefix("t") ? "reversible: false" : "temperature: 0.2")}
            model: {video: {frame: {encoder: cnn, channels: [8, 16], width: 16, norm: group}}}
            views: {frames: \(objective.hasPrefix("t") ? 3 : 4), stride: 1, size: 16, crop: whole, flip: false}
            optimizer: {learning_rate: 5e-3}
            schedule: {name: constant, warmup_steps: 0}
            """
        try folder.train("run", yaml)
        let losses = try folder.logged("loss", "run")
        let chance = objective.hasPrefix("t") ? log(6.0) : log(17.0)
        #expect(try #require(losses.last) < 0.6 * chance, "\(losses)")
    }

    @Test func videosAndTextsAreContrasted() throws {
        try write(16)
        let rows = (0..<16).map { "clips/\($0 % 2 == 0 ? "fast" : "slow")/\($0)\tshape number \($0)\t2\t14" }
        try (["folder\ttitle\tfrom\tto"] + rows).joined(separator: "\n").write(
            toFile: folder.file("pairs.tsv"), atomically: true, encoding: .utf8)
        let yaml = """
            steps: 6
            batch: 4
            tokenizer: english-wordpiece
            data:
              path: pairs.tsv
              columns: {clip: {kind: video, column: folder, start: from, end: to}, text: title}
            objective: {name: contrastive}
            model:
              dimension: 8
              video: {frame: {width: 4, stem: cifar}, context: transformer, layers: 1, pooling: last}
              text: {width: 16, depth: 1, heads: 2, context: 8}
            views: {frames: 3, stride: 2, size: 16}
            """
        try folder.train("run", yaml)
        let run = try Run(folder.file("run"))
        #expect(try run.embed(videos: [folder.file("clips/fast/0")]).shape == [1, 8])
        let metrics = try run.evaluate(data: folder.file("")).metrics
        #expect(metrics.contains { $0.name.hasPrefix("retrieval.clip_to_text") })
    }
}

import ConcordDatasets
public import ConcordEvaluation
import ConcordFiles
import ConcordLayers
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// How well the frames ahead of held-out clips are predicted, beside repeating the last frame seen: mean absolute error
/// of values from 0 to 1, and peak signal-to-noise ratio in decibels.
///
/// Every window of the held-out videos is a clip. Where the frame to predict belongs to another scene than the last one
/// seen there is nothing to predict by: such cuts, where the two differ by more than 0.1 on average, are counted, and
/// reported apart from the rest.
public struct NextFrameEvaluation: Evaluation {
    private let input: RecipeInput
    private let ahead: Int
    private let scale: [Float], offset: [Float]
    private let predict: @Sendable (Video) -> Tensor

    /// - Parameters:
    ///   - input: the videos.
    ///   - ahead: frames from the last one seen to the predicted one.
    ///   - normalization: of the frames that the model sees.
    ///   - predict: the frame ahead of each clip, `[N, H * W * 3]`, normalized.
    init(
        input: RecipeInput, ahead: Int, normalization: Normalization, predict: @escaping @Sendable (Video) -> Tensor
    ) {
        (self.input, self.ahead, self.predict) = (input, ahead, predict)
        (scale, offset) = (normalization.std, normalization.mean)
    }

    /// Errors of some clips: of the prediction, and of repeating the last frame.
    private struct Errors {
        var clips = 0
        /// Sums over clips of each clip's mean.
        var absolute = 0.0, squared = 0.0, lastAbsolute = 0.0, lastSquared = 0.0

        mutating func add(_ other: Errors) {
            clips += other.clips
            absolute += other.absolute
            squared += other.squared
            lastAbsolute += other.lastAbsolute
            lastSquared += other.lastSquared
        }

        var l1: Double { absolute / Double(clips) }
        var lastL1: Double { lastAbsolute / Double(clips) }
        var psnr: Double { Self.decibels(squared / Double(clips)) }
        var lastPSNR: Double { Self.decibels(lastSquared / Double(clips)) }

        /// 10 log10(1 / error); 100 for none.
        private static func decibels(_ error: Double) -> Double { error > 1e-10 ? -10 * log10(error) : 100 }
    }

    public func evaluate(_ model: EvaluatedModel, on data: EvaluationData) throws -> EvaluationSection? {
        guard let table = data.source.table else { return nil }
        let rows = table.heldOut.compactMap { row in table.path(input, of: row).map { ($0, row) } }
        let clips = try VideoClips(rows.map(\.0), model.recipe, isEvaluated: true)
        var all = Errors(), cuts = Errors(), perVideo: [(name: String, errors: Errors)] = [], tooShort = 0
        for (path, row) in rows {
            let windows: [Range<Int>]
            do { windows = clips.windows(try clips.range(path, table.segment(input, of: row))) } catch {
                data.leaveOut([UnreadableFile(name: path, reason: "\(error)")])
                continue
            }
            if windows.isEmpty { tooShort += 1 }
            var own = Errors()
            for first in stride(from: 0, to: windows.count, by: Self.batch) {
                let batch = try windows[first..<min(windows.count, first + Self.batch)].map { try clips.clip(path, $0) }
                for (isCut, errors) in errors(clips.batch(batch)) {
                    if isCut { cuts.add(errors) } else { own.add(errors) }
                }
            }
            all.add(own)
            if own.clips > 0 { perVideo.append((row[table.column(input)], own)) }
        }
        if tooShort > 0 {
            data.note("\(Counted.text(tooShort, "held-out video")) shorter than a clip (views.frames), not evaluated")
        }
        guard all.clips + cuts.clips > 0 else { return nil }
        return section(all, cuts, perVideo)
    }

    private static let batch = 16

    /// Of each clip.
    private func errors(_ clips: Video) -> [(isCut: Bool, errors: Errors)] {
        let size = clips.frameSize, seen = clips.length - ahead
        let context = clips.frames(0..<seen)
        let predicted = evaluating { predict(context) }.converted(to: .float32).scalars
        let wanted = clips.frames(clips.length - 1..<clips.length).frames.scalars
        let last = clips.frames(seen - 1..<seen).frames.scalars
        return (0..<clips.count).map { clip in
            var errors = Errors(clips: 1)
            for i in 0..<size {
                let (s, m) = (scale[i % 3], offset[i % 3]), place = clip * size + i
                let value = Double(wanted[place] * s + m)
                let error = Double(min(1, max(0, predicted[place] * s + m))) - value
                let lastError = Double(last[place] * s + m) - value
                errors.absolute += abs(error)
                errors.squared += error * error
                errors.lastAbsolute += abs(lastError)
                errors.lastSquared += lastError * lastError
            }
            errors.absolute /= Double(size)
            errors.squared /= Double(size)
            errors.lastAbsolute /= Double(size)
            errors.lastSquared /= Double(size)
            return (errors.lastAbsolute > Self.cut, errors)
        }
    }

    /// Mean absolute difference of two frames above which they are of two scenes.
    private static let cut = 0.1

    private func section(
        _ rest: Errors, _ cuts: Errors, _ videos: [(name: String, errors: Errors)]
    ) -> EvaluationSection {
        var whole = rest
        whole.add(cuts)
        func row(_ name: String, _ e: Errors) -> [String] {
            let cells = [(e.l1, 4), (e.lastL1, 4), (e.psnr, 2), (e.lastPSNR, 2)].map {
                NumberText.fixed($0, decimals: $1)
            }
            return [name, "\(e.clips)"] + (e.clips > 0 ? cells : ["-", "-", "-", "-"])
        }
        let named = [("all", whole), ("cuts", cuts), ("without_cuts", rest)].filter { $0.1.clips > 0 }
        let metrics = named.flatMap { name, e in
            [
                Metric("next_frame.\(name).l1", e.l1, isBetter: .lower),
                Metric("next_frame.\(name).last_l1", e.lastL1, isBetter: .lower),
                Metric("next_frame.\(name).psnr", e.psnr, isBetter: .higher),
                Metric("next_frame.\(name).last_psnr", e.lastPSNR, isBetter: .higher),
            ]
        }
        let shown = named.filter { $0.0 != "without_cuts" || cuts.clips > 0 }
        let perVideo = videos.count > 1 && videos.count <= 20 ? videos.map { row($0.name, $0.errors) } : []
        return EvaluationSection(
            name: "next_frame", metrics: metrics,
            table: EvaluationTable(
                columns: ["next frame", "clips", "L1", "of the last", "PSNR in dB", "of the last"],
                rows: shown.map { row($0.0.replacing("_", with: " "), $0.1) } + perVideo),
            content: Dictionary(
                named.map { name, e in
                    let numbers = [
                        "clips": Double(e.clips), "l1": e.l1, "last_l1": e.lastL1, "psnr": e.psnr,
                        "last_psnr": e.lastPSNR,
                    ]
                    return (name, numbers)
                }) { first, _ in first })
    }
}

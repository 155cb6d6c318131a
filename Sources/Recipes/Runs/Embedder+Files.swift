import ConcordCommunication
import ConcordDatasets
import ConcordLayers
import ConcordTensors
import Logging
import Synchronization

/// How recordings that are longer than a window become embeddings.
public enum AudioWindowing: Sendable, Equatable {
    /// One embedding a recording: the mean over its windows.
    case averaged
    /// One embedding a window, with its start and end.
    ///
    /// In seconds; nil for the model's own window (`views.audio.seconds` of a contrastive recipe, ten seconds for a
    /// predictive one), and for windows that follow each other without overlap.
    case separate(seconds: Double? = nil, hop: Double? = nil)
}

/// Embeddings of files, with what they belong to.
struct EmbeddedFiles {
    /// A row: the file's place in the list that was given, and the part of a recording, in seconds; nil for all of the
    /// file.
    struct Entry {
        let file: Int
        let seconds: Range<Double>?
    }

    /// `[n, D]`
    let embeddings: Tensor
    let entries: [Entry]
    /// The files without a row.
    let rejected: [Rejected]
}

extension Embedder {
    /// Embeddings of the image or audio files, or the videos, of an input; unreadable files are left out, counted, and
    /// named in the
    /// log.
    /// - Parameters:
    ///   - segments: the part of each recording that is embedded; nil for all of it.
    ///   - windows: for recordings that are longer than a window. A mean is over the windows' embeddings, each
    ///     normalized first where the model has a shared space.
    ///   - features: the encoder's output in place of the shared space's.
    ///   - badLimit: the fraction of files that may be unreadable; one may always be.
    ///   - progress: is called with the number of files done.
    /// - Throws: if too many files are unreadable, or all, or the model has no encoder for them.
    func embed(
        _ paths: [String], _ input: RecipeInput, segments: [MediaSegment?]? = nil, windows: AudioWindowing = .averaged,
        features: Bool = false, badLimit: Double,
        progress: (Int) -> Void = { _ in }
    ) throws -> EmbeddedFiles {
        guard model.inputs.contains(input) else { throw missing(input.kind) }
        guard ranks.isAlone else {
            return try embedShard(
                paths, input, segments: segments, windows: windows, features: features, badLimit: badLimit,
                progress: progress)
        }
        return try embedAll(
            paths, input, segments: segments, windows: windows, features: features, badLimit: badLimit,
            progress: progress)
    }

    /// The same for files that are all this process's own.
    func embedAll(
        _ paths: [String], _ input: RecipeInput, segments: [MediaSegment?]?, windows: AudioWindowing, features: Bool,
        badLimit: Double, progress: (Int) -> Void
    ) throws -> EmbeddedFiles {
        switch input.kind {
        case .text, .id:
            throw RecipeError.data(message: "\(input) is \(input.kind.rawValue): its values are embedded, not files")
        case .image:
            guard let settings = recipe.views.image else { throw missing(.image) }
            let views = ImageViews(settings), faults = Faults(paths)
            let batches = faults.samples({ _, path in try views.evaluated(path) }).batches(
                of: size, shuffle: false, dropLast: false, threads: recipe.loader.threads,
                prefetch: recipe.loader.prefetch,
                badLimit: badLimit
            ) { views.batch($0) }
            var rows = EmbeddedRows()
            for batch in batches.epoch(0) {
                rows.append(
                    output(of: .image(try batch.get()), input, features: features),
                    batch.indices.map { EmbeddedFiles.Entry(file: $0, seconds: nil) })
                if let last = batch.indices.last { progress(last + 1) }
            }
            return try rows.files(leavingOut: faults, limit: badLimit)
        case .video:
            let clips = try VideoClips(paths, recipe, isEvaluated: true), faults = Faults(paths)
            let videos = faults.samples({ try clips.evaluated($1, segments?[$0]) }).batches(
                of: 1, shuffle: false, dropLast: false, threads: recipe.loader.threads,
                prefetch: recipe.loader.prefetch, badLimit: badLimit
            ) { $0[0] }
            var rows = EmbeddedRows()
            for batch in videos.epoch(0) {
                let windows = try batch.get()
                guard let file = batch.indices.first else { continue }
                for first in stride(from: 0, to: windows.count, by: 16) {
                    let part = Array(windows[first..<min(windows.count, first + 16)])
                    // The parts of a video have one name: their mean is its embedding.
                    rows.append(
                        output(of: .video(clips.batch(part)), input, features: features),
                        part.indices.map { index in
                            let number = Double(first + index)
                            return EmbeddedFiles.Entry(
                                file: file, seconds: windows.count > 1 ? number..<number + 1 : nil)
                        })
                }
                progress(file + 1)
            }
            return try rows.files(leavingOut: faults, limit: badLimit).averaged(
                normalizing: !features && model.hasSharedSpace)
        case .audio:
            guard let settings = recipe.views.audio else { throw missing(.audio) }
            return try embedAudio(paths, input, segments, settings, windows, features, badLimit, progress)
        }
    }

    private func embedAudio(
        _ paths: [String], _ input: RecipeInput, _ segments: [MediaSegment?]?, _ settings: AudioViewSettings,
        _ windows: AudioWindowing,
        _ features: Bool, _ badLimit: Double,
        _ progress: (Int) -> Void
    ) throws -> EmbeddedFiles {
        let clips = AudioClips(settings)
        let (length, hop) = try clips.window(windows, takesAnyLength: recipe.objective.needs.unit == .windows)
        // As much as the files of a batch of the recipe's clips, or one window: it bounds memory.
        let budget = max(length, 2 * size * settings.length)
        let faults = Faults(paths)
        // A file a batch: what is computed together is decided by length, below.
        let loaded = faults.samples { try clips.evaluated($1, segments?[$0], length: length) }.batches(
            of: 1, shuffle: false, dropLast: false, threads: recipe.loader.threads,
            prefetch: max(16, recipe.loader.prefetch),
            badLimit: badLimit
        ) { $0[0] }
        var rows = EmbeddedRows(), waiting: [[Float]] = [], entries: [EmbeddedFiles.Entry] = [], longest = 0
        func compute() {
            guard !waiting.isEmpty else { return }
            rows.append(output(of: .audio(clips.batch(waiting)), input, features: features), entries)
            (waiting, entries, longest) = ([], [], 0)
        }
        func add(_ clip: [Float], _ entry: EmbeddedFiles.Entry) {
            if waiting.count == size || (waiting.count + 1) * max(longest, clip.count) > budget { compute() }
            waiting.append(clip)
            entries.append(entry)
            longest = max(longest, clip.count)
        }
        for batch in loaded.epoch(0) {
            let clip = try batch.get()
            guard let file = batch.indices.first else { continue }
            switch clip {
            case .whole(let sound): add(sound.samples, .init(file: file, seconds: nil))
            case .long(let path, let frames) where segments?[file] != nil:
                do {
                    try clips.forEachWindow(of: path, frames, length: length, hop: hop) { start, samples in
                        let seconds = Double(start) / Double(settings.rate)
                        add(
                            samples,
                            .init(
                                file: file, seconds: seconds..<seconds + Double(samples.count) / Double(settings.rate)))
                    }
                } catch { faults.add(file, "\(error)", logging: true) }
            case .long(let path, _):
                do {
                    var parts = try AudioWindows(path, rate: settings.rate, length: length, hop: hop)
                    while let part = try parts.next() {
                        let isWhole = part.start == 0 && part.samples.count < length
                        let start = Double(part.start) / Double(settings.rate)
                        let end = Double(part.start + part.samples.count) / Double(settings.rate)
                        add(part.samples, .init(file: file, seconds: isWhole ? nil : start..<end))
                    }
                } catch { faults.add(file, "\(error)", logging: true) }
            }
            progress(file + 1)
        }
        compute()
        let files = try rows.files(leavingOut: faults, limit: badLimit)
        return windows == .averaged ? files.averaged(normalizing: !features && model.hasSharedSpace) : files
    }
}

/// The files of one call that could not be read.
private final class Faults: Sendable {
    let paths: [String]
    private let reasons = Mutex<[Int: String]>([:])

    init(_ paths: [String]) { self.paths = paths }

    func add(_ file: Int, _ reason: String, logging: Bool = false) {
        // Errors begin with the file, which a rejection has as its name.
        let path = paths[file], own = reason.hasPrefix(path + ": ") ? String(reason.dropFirst(path.count + 2)) : reason
        reasons.withLock { $0[file] = own }
        guard logging else { return }  // the loader names what it could not load
        Logger(label: "concord.datasets").warning("unreadable file left out: \(path): \(own)")
    }

    /// Samples that note why they could not be loaded.
    func samples<Item: Sendable>(_ load: @escaping @Sendable (Int, String) throws -> Item) -> Samples<Item> {
        Samples(count: paths.count, named: { self.paths[$0] }) { index, _ in
            do { return try load(index, self.paths[index]) } catch {
                self.add(index, "\(error)")
                throw error
            }
        }
    }

    var all: [Int: String] { reasons.withLock { $0 } }
}

/// Rows as they are computed.
private struct EmbeddedRows {
    private var blocks: [Tensor] = []
    private var entries: [EmbeddedFiles.Entry] = []

    mutating func append(_ block: Tensor, _ entries: [EmbeddedFiles.Entry]) {
        blocks.append(block)
        self.entries += entries
    }

    /// The rows of the files that could be read to their end.
    func files(leavingOut faults: Faults, limit: Double) throws -> EmbeddedFiles {
        let bad = faults.all, paths = faults.paths
        let rejected = bad.sorted { $0.key < $1.key }.map { Rejected(name: paths[$0.key], reason: $0.value) }
        let kept = entries.indices.filter { bad[entries[$0].file] == nil }
        let fraction = Double(bad.count) / Double(max(1, paths.count))
        guard !kept.isEmpty, bad.count < 2 || fraction <= limit else {
            throw DatasetError.tooManyBadSamples(
                fraction: fraction, limit: limit, bad: bad.count, tried: paths.count,
                examples: rejected.prefix(3).map { "\($0.name): \($0.reason)" })
        }
        let all = try (blocks.count == 1 ? blocks[0] : Tensor.concatenated(blocks, axis: 0)).requiringFinite()
        guard kept.count < entries.count else {
            return EmbeddedFiles(embeddings: all, entries: entries, rejected: rejected)
        }
        let rows = all.gathered(at: Tensor(kept.map { Int32(clamping: $0) }, shape: [kept.count]), axis: 0)
        return EmbeddedFiles(embeddings: rows, entries: kept.map { entries[$0] }, rejected: rejected)
    }
}

extension EmbeddedFiles {
    /// One row a file: the mean of its rows. A file with one row keeps that row as it is.
    fileprivate func averaged(normalizing: Bool) -> EmbeddedFiles {
        guard entries.contains(where: { $0.seconds != nil }) else { return self }
        let width = embeddings.shape[1], raw = embeddings.scalars
        let unit = normalizing ? embeddings.l2Normalized().scalars : raw
        var result: [Float] = [], files: [Entry] = [], row = 0
        while row < entries.count {
            var end = row + 1
            while end < entries.count, entries[end].file == entries[row].file { end += 1 }
            if end == row + 1 {
                result += raw[row * width..<end * width]
            } else {
                for column in 0..<width {
                    var sum = 0.0
                    for part in row..<end { sum += Double(unit[part * width + column]) }
                    result.append(Float(sum / Double(end - row)))
                }
            }
            files.append(Entry(file: entries[row].file, seconds: nil))
            row = end
        }
        return EmbeddedFiles(
            embeddings: Tensor(result, shape: [files.count, width]), entries: files, rejected: rejected)
    }
}

import ConcordDatasets
import ConcordFiles
import ConcordTensors
import Synchronization

/// What is kept of an item to compare it: fingerprints of its bytes and its content, and a small description.
struct ItemSummary: Sendable {
    /// Nil for texts.
    var bytes: UInt64?
    /// Nil for videos, and for long recordings.
    var content: UInt64?
    /// A unit vector by which near duplicates are looked for; nil where there is nothing to see or hear.
    var descriptor: [Float]?
    var thumbnail: ImageThumbnail?
    var text: TextShingles?

    init(_ item: ComparedItem) throws {
        switch item.item.input.kind {
        case .image:
            bytes = try ContentFingerprint.bytes(of: item.path)
            let image = try item.image(), thumbnail = ImageThumbnail(image)
            content = ContentFingerprint.pixels(of: image)
            (self.thumbnail, descriptor) = (thumbnail, thumbnail.descriptor)
        case .audio:
            bytes = try Self.bytes(item)
            let (audio, isWhole) = try item.sound()
            if isWhole { content = ContentFingerprint.samples(of: audio) }
            descriptor = SoundExcerpt(audio).descriptor
        case .video: bytes = try Self.bytes(item)
        case .text: text = TextShingles(item.item.text ?? "")
        case .id: break
        }
    }

    /// Of all the item's files, and of the part of them that it is.
    private static func bytes(_ item: ComparedItem) throws -> UInt64 {
        var all = Fingerprint()
        for file in try item.files() { all.add(Int(bitPattern: UInt(try ContentFingerprint.bytes(of: file)))) }
        if item.item.input.kind == .audio, let segment = item.segment { all.add("\(segment)") }
        return all.value
    }

    /// Summaries of items on all threads; nil, with the reason, of those that cannot be read.
    /// - Parameter progress: is called on this thread with the number of items done.
    static func all(
        _ items: [ComparedItem], progress: (Int) -> Void
    ) -> (summaries: [ItemSummary?], rejected: [Rejected]) {
        var summaries = [ItemSummary?](repeating: nil, count: items.count), rejected: [Rejected] = []
        let part = 256
        for first in stride(from: 0, to: items.count, by: part) {
            let last = min(items.count, first + part), found = Mutex<[Int: Result<ItemSummary, any Error>]>([:])
            Parallel.runDynamically(last - first) { place in
                let result = Result { try ItemSummary(items[first + place]) }
                found.withLock { $0[first + place] = result }
            }
            for (place, result) in found.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
                switch result {
                case .success(let summary): summaries[place] = summary
                case .failure(let error):
                    let name = items[place].path, reason = "\(error)"
                    let prefix = name + ": "
                    rejected.append(
                        Rejected(
                            name: items[place].item.name,
                            reason: reason.hasPrefix(prefix) ? String(reason.dropFirst(prefix.count)) : reason))
                }
            }
            progress(last)
        }
        return (summaries, rejected)
    }
}

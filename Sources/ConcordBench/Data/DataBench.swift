import Concord
import Foundation

/// The measurements of `data_speed.py`, in Swift.
struct DataBench {
    /// The data directory, with `fsdd/recordings` and `wikitext2` in it.
    let directory: String
    /// JPEG files of 640x427.
    let images: [[UInt8]]
    let repeats: Int

    func all() throws -> [DataTimings] { try [crops()] + sounds() + tokenizers() }

    private func crops() throws -> DataTimings {
        let crop = RandomResizedCrop(to: 224)
        var random = RandomKey(seed: 0).sequence
        let timing = try Timing.of(repeats: repeats) {
            for index in 0..<200 {
                let view = try crop(EncodedImage(images[index % images.count]), using: random.nextKey())
                _ = Tensor(normalizing: [view], .clip)
            }
        }
        return DataTimings("JPEG 640x427 -> crop 224", "images", count: 200, timing)
    }

    private func sounds() throws -> [DataTimings] {
        let folder = directory + "/fsdd/recordings"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".wav") }.sorted()
            .prefix(500)
            .map { folder + "/" + $0 }
        let read = try Timing.of(repeats: repeats) { for file in files { _ = try Audio(contentsOf: file) } }
        let resampled = try Timing.of(repeats: repeats) {
            for file in files { _ = try Audio(contentsOf: file, rate: 16000) }
        }
        return [
            DataTimings("WAV read", "clips", count: Double(files.count), read),
            DataTimings("WAV read, 8 -> 16 kHz", "clips", count: Double(files.count), resampled),
        ]
    }

    private func tokenizers() throws -> [DataTimings] {
        let lines = try Array(TextLines(directory + "/wikitext2/test.txt"))
        let size = Double(lines.reduce(0) { $0 + $1.utf8.count }) / 1e3, training = directory + "/wikitext2/valid.txt"
        let kinds: [(String, any Tokenizer)] = [
            ("WordPiece", try WordPieceTrainer(size: 8192).train(files: [training])),
            ("byte-level BPE", try BPETrainer(size: 8192).train(files: [training])),
        ]
        return kinds.map { name, tokenizer in
            let timing = Timing.of(repeats: repeats) { for line in lines { _ = tokenizer.encode(line) } }
            return DataTimings(name + " line by line", "kB", count: size, timing)
        }
    }
}

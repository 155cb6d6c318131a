import Concord
import Foundation
import TestSupport

/// Data of COCO's shape: 60 images and 60 sounds, each with five captions in rows of their own. Some captions are those
/// of other items too, and some rows spell their file another way.
struct CaptionWorld {
    let folder: TemporaryFolder
    static let items = 60, captions = 5

    var data: String { folder.path + "/data" }
    func run(_ name: String) -> String { folder.path + "/" + name }
    func file(_ modality: Modality, _ item: Int) -> String {
        modality == .image ? "images/\(item).jpg" : "sounds/\(item).wav"
    }

    /// The caption of an item: every third item shares its last one with the next.
    static func caption(_ item: Int, _ number: Int) -> String {
        let subject = number == 4 && item % 3 == 1 ? item - 1 : item
        let words = ["a red", "one small", "the old", "some", "my"],
            nouns = ["mug", "plate", "lamp", "chair", "book", "box"]
        return "\(words[number]) \(nouns[subject % 6]) of kind \(subject)"
    }

    init() throws {
        folder = TemporaryFolder()
        for name in ["images", "sounds"] {
            try FileManager.default.createDirectory(atPath: data + "/" + name, withIntermediateDirectories: true)
        }
        var images = "filepath,title\n", sounds = images
        for item in 0..<Self.items {
            let color = Image.Color(UInt8(item * 4), UInt8(item * 37 % 250), UInt8(item * 91 % 250))
            try Image(width: 16, height: 16, color).write(jpeg: "\(data)/\(file(.image, item))")
            let turn = Float(300 + 40 * item) * 2 * .pi / 8000
            try Audio((0..<1600).map { 0.4 * sin(Float($0) * turn) }, rate: 8000).write(
                wav: "\(data)/\(file(.audio, item))")
            for number in 0..<Self.captions {
                let dot = number == 2 ? "./" : ""
                images += "\(dot)\(file(.image, item)),\(Self.caption(item, number))\n"
                sounds += "\(dot)\(file(.audio, item)),\(Self.caption(item, number))\n"
            }
        }
        try images.write(toFile: data + "/images.csv", atomically: true, encoding: .utf8)
        try sounds.write(toFile: data + "/sounds.csv", atomically: true, encoding: .utf8)
        for modality in [Modality.image, .audio] {
            try Self.yaml(modality).write(toFile: recipe(modality), atomically: true, encoding: .utf8)
        }
    }

    func recipe(_ modality: Modality) -> String { "\(folder.path)/\(modality.rawValue).yaml" }

    private static func yaml(_ modality: Modality) -> String {
        """
        steps: 20
        batch: 30
        data: {path: \(modality == .image ? "images" : "sounds").csv, columns: {\(modality.rawValue): filepath, text: \
        title}, split: none}
        model:
          dimension: 16
          text: {width: 16, depth: 1, heads: 2, context: 12}
          \(modality == .image
              ? "image: {depth: 18, width: 4, stem: cifar}"
              : "audio: {encoder: log_mel, mels: 16, window: 128, hop: 64, channels: [16, 16], "
                  + "kernels: [3, 3], strides: [1, 2]}")
        views: \(modality == .image ? "{size: 16, crop: whole, flip: false}" : "{audio: {rate: 8000, seconds: 0.2}}")
        optimizer: {learning_rate: 3e-3}
        """
    }
}

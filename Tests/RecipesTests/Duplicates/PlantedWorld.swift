import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordTensors
import Foundation
import TestSupport

/// Drawn images, synthesized sounds and sentences, with duplicates of training items planted among the held-out ones.
struct PlantedWorld {
    let folder = TemporaryFolder()

    /// An image of a color gradient with some discs and bars; other for each number.
    static func image(_ number: Int, width: Int = 96, height: Int = 80) -> Image {
        var random = RandomKey(seed: 7).derived("image", number).sequence
        func color() -> [Float] { (0..<3).map { _ in random.uniform(in: 0...255) } }
        let ends = [color(), color(), color(), color()]
        let discs = (0..<6).map { _ in
            (
                x: random.uniform(in: 0...1), y: random.uniform(in: 0...1), size: random.uniform(in: 0.05...0.3),
                color: color(), isBar: random.bernoulli(0.5)
            )
        }
        var bytes = [UInt8](repeating: 0, count: 3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                let u = Float(x) / Float(width), v = Float(y) / Float(height)
                var value = (0..<3).map { c in
                    (ends[0][c] * (1 - u) + ends[1][c] * u) * (1 - v) + (ends[2][c] * (1 - u) + ends[3][c] * u) * v
                }
                for disc in discs {
                    let dx = abs(u - disc.x), dy = abs(v - disc.y)
                    if disc.isBar ? dx < disc.size && dy < 0.06 : dx * dx + dy * dy < disc.size * disc.size / 4 {
                        value = disc.color
                    }
                }
                for c in 0..<3 { bytes[3 * (y * width + x) + c] = UInt8(max(0, min(255, value[c]))) }
            }
        }
        return Image(pixels: Tensor(bytes, shape: [height, width, 3]))
    }

    /// Three gliding tones and some noise, half a second.
    static func sound(_ number: Int, rate: Int = 8000) -> Audio {
        var random = RandomKey(seed: 8).derived("sound", number).sequence
        let tones = (0..<3).map { _ in
            (
                start: random.uniform(in: 150...1500), end: random.uniform(in: 150...1500),
                phase: random.uniform(in: 0...6), from: random.uniform(in: 0...0.4)
            )
        }
        let count = rate / 2
        var samples = (0..<count).map { _ in random.uniform(in: -0.01...0.01) }
        for tone in tones {
            var phase = Double(tone.phase)
            for place in 0..<count {
                let time = Float(place) / Float(count)
                phase += 2 * Double.pi * Double(tone.start + (tone.end - tone.start) * time) / Double(rate)
                if time > tone.from { samples[place] += 0.2 * Float(sin(phase)) }
            }
        }
        return Audio(samples, rate: rate)
    }

    /// A sentence of twenty-four words.
    static func sentence(_ number: Int) -> [String] {
        var random = RandomKey(seed: 9).derived("text", number).sequence
        return (0..<24).map { _ in "word\(random.integer(below: 400))" }
    }

    /// The same pixels in another file: a comment behind the first marker of a JPEG file.
    static func commented(_ jpeg: [UInt8]) -> [UInt8] {
        Array(jpeg.prefix(2)) + [0xFF, 0xFE, 0x00, 0x06] + Array("copy".utf8) + Array(jpeg.dropFirst(2))
    }

    /// 80 images to train on, 40 others held out; and of 20 training images each a copy, a commented, a re-encoded, a
    /// cropped and a resized version, held out.
    func writeImages() throws {
        for number in 0..<80 {
            let bytes = try Self.image(number).jpegData(quality: 95), own = try Image(bytes)
            try folder.write(bytes, to: "train/c\(number % 2)/\(number).jpg")
            guard number < 20 else { continue }
            func write(_ bytes: [UInt8], _ kind: String) throws {
                try folder.write(bytes, to: "test/c\(number % 2)/\(kind)-\(number).jpg")
            }
            try write(bytes, "copy")
            try write(Self.commented(bytes), "commented")
            try write(own.jpegData(quality: 60), "encoded")
            let crop = own.cropped(to: PixelRectangle(x: 5, y: 4, width: 91, height: 76))
            try write(crop.jpegData(quality: 95), "cropped")
            try write(own.resized(width: 48, height: 40).jpegData(quality: 95), "resized")
        }
        for number in 0..<40 {
            try folder.write(
                Self.image(1000 + number).jpegData(quality: 95), to: "test/c\(number % 2)/clean-\(number).jpg")
        }
    }

    /// 60 sounds to train on, 30 others held out; and of 20 training sounds each one at 16 kHz, one at 11025 Hz and
    /// half as loud, and one that is cut by 5 %, held out.
    func writeSounds() throws {
        func write(_ audio: Audio, _ name: String) throws { try audio.write(wav: folder.file("sounds/\(name).wav")) }
        try folder.write("", to: "sounds/.keep")
        for number in 0..<60 {
            let sound = Self.sound(number)
            try write(sound, "train_\(number)")
            guard number < 20 else { continue }
            try write(sound.resampled(to: 16000), "test_fine-\(number)")
            let soft = sound.resampled(to: 11025)
            try write(Audio(soft.samples.map { 0.5 * $0 }, rate: 11025), "test_soft-\(number)")
            try write(Audio(Array(sound.samples.dropFirst(sound.count / 20)), rate: 8000), "test_cut-\(number)")
        }
        for number in 0..<30 { try write(Self.sound(1000 + number), "test_clean-\(number)") }
    }

    /// 60 sentences to train on, 30 others held out; and of 20 training sentences each one in capitals and one with a
    /// word more, held out.
    func writeTexts() throws {
        var rows = "part\ttext\n"
        for number in 0..<60 { rows += "train\t\(Self.sentence(number).joined(separator: " "))\n" }
        for number in 0..<20 {
            let words = Self.sentence(number)
            rows += "test\t\(words.joined(separator: "  ").uppercased())\n"
            rows += "test\t\((words + ["more"]).joined(separator: " "))\n"
        }
        for number in 0..<30 { rows += "test\t\(Self.sentence(1000 + number).joined(separator: " "))\n" }
        try folder.write(rows, to: "texts.tsv")
    }

    static let images = """
        data: {kind: folder, path: train, held_out: test}
        objective: {name: simclr}
        model: {image: {depth: 18, width: 4, stem: cifar}}
        views: {size: 16}
        steps: 2
        batch: 16
        """

    static let sounds = """
        data: {kind: files, path: sounds, pattern: "{part}_{name}.wav", split: {column: part, values: [test]}}
        objective: {name: simclr}
        views: {audio: {rate: 8000, seconds: 0.5}}
        """

    static let texts = """
        data: {path: texts.tsv, columns: {text: text}, split: {column: part, values: [test]}}
        objective: {name: simcse}
        tokenizer: english-wordpiece
        """
}

#if canImport(Glibc)
    import Glibc
#endif
import Concord
import ConcordFiles

/// The demo's images, sounds and captions as files: what a user's own data would look like.
struct DemoData {
    /// Renderings of a combination that is trained on. A held-out one has a single one.
    static let renderings = 4

    /// The folder: `things.tsv`, `images/` and `sounds/`.
    let folder: String
    /// Number of things to train on, and of held-out combinations.
    private(set) var trainingSamples = 0, heldOut = 0

    /// Writes the files that are not there yet.
    /// - Parameter split: which captions are held out.
    init(folder: String, split: DataSettings.Split) throws {
        self.folder = folder
        try Folder.make(folder + "/images")
        try Folder.make(folder + "/sounds")
        var lines = ["filepath\ttitle\trecording\tcolor\tshape\tsize\tplace"]
        for thing in ShapeWorld.things {
            let isHeldOut = Int(CRC32.checksum(thing.caption.utf8)) % split.modulo == split.remainder
            let count = isHeldOut ? 1 : Self.renderings
            if isHeldOut { heldOut += 1 } else { trainingSamples += count }
            for number in 0..<count {
                let file = "images/\(thing.slug)-\(number).jpg", recording = "sounds/\(thing.slug)-\(number).wav"
                if !PathEncoding.isThere(folder + "/" + file) {
                    let image = ShapeWorld.image(of: thing, key: RandomKey(seed: 0).derived(thing.slug, number))
                    try image.write(jpeg: folder + "/" + file, quality: 92)
                }
                if !PathEncoding.isThere(folder + "/" + recording) {
                    let sound = ShapeWorld.sound(of: thing, key: RandomKey(seed: 1).derived(thing.slug, number))
                    try sound.write(wav: folder + "/" + recording)
                }
                lines.append(
                    [
                        file, thing.caption, recording, thing.color.rawValue, thing.shape.rawValue,
                        thing.size.rawValue,
                        thing.place.rawValue,
                    ]
                    .joined(separator: "\t"))
            }
        }
        try WholeFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: table)
    }

    private var table: String { folder + "/things.tsv" }

    /// The held-out things' files and captions, as the recipe's split chooses them.
    func heldOutThings(of split: DataSettings.Split) throws -> [DemoThing] {
        try Table(csv: table, separator: "\t").split(by: split.rule).heldOut.map { row in
            DemoThing(image: row.path("filepath"), sound: row.path("recording"), caption: row["title"])
        }
    }
}

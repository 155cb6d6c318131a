#if canImport(Glibc)
    import Glibc
#endif
import ConcordDatasets
import ConcordTensors

/// The demo's pictures and captions as files: what a user's own data would look like.
struct DemoData {
    /// Renderings of a combination that is trained on. A held-out one has a single picture.
    static let renderings = 4

    /// The folder: `pairs.tsv` and `images/`.
    let folder: String
    /// Number of pictures to train on, and of held-out combinations.
    private(set) var trainingPictures = 0, heldOut = 0

    /// Writes the files that are not there yet.
    /// - Parameter split: which captions are held out.
    init(folder: String, split: DataSettings.Split) throws {
        self.folder = folder
        try RunDirectory.makeFolder(folder + "/images")
        var lines = ["filepath\ttitle\tcolour\tshape\tsize\tplace"]
        for thing in ShapeWorld.things {
            let isHeldOut = Int(CRC32.checksum(thing.caption.utf8)) % split.modulo == split.remainder
            let count = isHeldOut ? 1 : Self.renderings
            if isHeldOut { heldOut += 1 } else { trainingPictures += count }
            for number in 0..<count {
                let file = "images/\(thing.slug)-\(number).jpg"
                if access(folder + "/" + file, F_OK) != 0 {
                    let picture = ShapeWorld.picture(of: thing, key: RandomKey(seed: 0).derived(thing.slug, number))
                    try picture.write(jpeg: folder + "/" + file, quality: 92)
                }
                lines.append(
                    [file, thing.caption, thing.colour.rawValue, thing.shape.rawValue, thing.size.rawValue, thing.place.rawValue]
                        .joined(separator: "\t"))
            }
        }
        try TextFile.write(lines.joined(separator: "\n") + "\n", to: folder + "/pairs.tsv")
    }
}

/// One input of a recipe's samples: what it is called, and what kind of thing it is.
///
/// ```yaml
/// data: {columns: {image: filepath, text: title}}                    # where only a kind is named, it is the name
/// data: {columns: {question: {kind: text, column: q}, answer: {kind: text, column: a}}}
/// ```
/// Inputs of one kind share the encoder of that kind (`model.text`), unless `model` has one by the input's own name
/// (`model.question`). Ids share none: those of two columns are two sets.
public struct RecipeInput: Hashable, Sendable, CustomStringConvertible {
    /// What the recipe calls it.
    public let name: String
    /// What kind of thing it is.
    public let kind: Modality

    /// - Parameters:
    ///   - name: without dots; it names a tower in checkpoints.
    ///   - kind: what its files or fields hold.
    public init(_ name: String, _ kind: Modality) { (self.name, self.kind) = (name, kind) }

    /// The input that is named as its kind.
    public init(_ kind: Modality) { self.init(kind.rawValue, kind) }

    /// The input "image", of images.
    public static let image = RecipeInput(.image)
    /// The input "text", of texts.
    public static let text = RecipeInput(.text)
    /// The input "audio", of audio.
    public static let audio = RecipeInput(.audio)
    /// The input "video", of videos.
    public static let video = RecipeInput(.video)

    public var description: String { name }
}

/// What kind of thing an input is.
public enum Modality: String, Sendable, CaseIterable {
    /// An image file, a text, or an audio file.
    case image, text, audio
    /// A folder of a video's frames.
    case video
    /// The id of a user, an item, a speaker: one of those that the training rows have.
    case id

    /// Whether a table's field names a file of it, or a folder of frames; texts and ids are in the table itself.
    public var isFile: Bool { self == .image || self == .audio || self == .video }

    /// Whether a row may be a part of a longer file: of a recording, or of a video.
    var hasSegments: Bool { self == .audio || self == .video }
}

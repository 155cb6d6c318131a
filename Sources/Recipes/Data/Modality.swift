/// What kind of thing a sample, or a part of it, is.
public enum Modality: String, Sendable, CaseIterable {
    case image, text, audio
}

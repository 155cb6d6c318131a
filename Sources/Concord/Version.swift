/// Concord itself.
public enum Concord {
    public static let version = "0.1.0"
}

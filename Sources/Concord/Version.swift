/// Which Concord this is.
public enum ConcordRelease {
    public static let version = "0.1.0"
}

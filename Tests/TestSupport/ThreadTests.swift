import Foundation

/// Tests that change the number of threads of the process, and so the last bits of what others compute beside them.
///
/// ```sh
/// CONCORD_THREAD_TESTS=1 swift test -c release --filter '(?i)threads'
/// ```
public enum ThreadTests {
    /// Whether they run: where a process was started for them.
    public static let areEnabled = ProcessInfo.processInfo.environment["CONCORD_THREAD_TESTS"] == "1"
}

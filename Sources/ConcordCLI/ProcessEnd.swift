import CStartup
import ConcordFiles
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The one way in which every command ends: what was printed is flushed, then the process leaves.
///
/// It leaves by `_exit`, which runs no destructor: `exit` would destroy oneDNN's and OpenBLAS's objects, buffers and
/// locks while threads of libgomp and of loaders still run, and what one of them then does with a destroyed lock is an
/// abort or a hang, after all work was done. Nothing is lost by it: checkpoints, indices and metrics are flushed where
/// they are written.
enum ProcessEnd {
    private static let isLeaving = Atomic<Bool>(false)

    /// - Parameter isOutputTheResult: whether a failure to print is a failure of the command, as for `search > file` on
    ///   a full disk; for training what is printed is only its progress.
    static func leave(_ status: Int32, isOutputTheResult: Bool = true) -> Never {
        enter()
        Ranks.finish()
        if !concord_flush_streams(), isOutputTheResult, status == 0 {
            say(
                "Error: standard output: \(errno == 0 ? "not all of it was written" : String(cString: strerror(errno)))"
            )
            _exit(1)
        }
        _exit(status)
    }

    /// Ends with a message on standard error, from any thread; what was printed before comes before it.
    static func fail(_ message: String, status: Int32 = 1) -> Never {
        enter()
        _ = concord_flush_streams()
        say(Ranks.endAll(message, status))
        _exit(status)
    }

    /// The first thread goes on, another one waits for the end.
    private static func enter() {
        if isLeaving.exchange(true, ordering: .acquiringAndReleasing) { while true { pause() } }
    }

    private static func say(_ line: String) {
        var text = PathEncoding.readable(line) + "\n"
        _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

import CBridges

/// SIGINT, SIGTERM and SIGHUP as a question that a loop asks between two steps.
///
/// The first one is noted, a second one ends the process at once with 128 + its number. SIGHUP stays ignored where it
/// was (nohup). A reader of the output that goes away ends no run: SIGPIPE is ignored, and writing fails with EPIPE.
///
/// SIGUSR1 is noted apart from them, as a request to write a checkpoint and go on: batch systems such as Slurm can send
/// it before the time of a job is over.
package enum StopSignals {
    /// Runs `body` while signals are noted; afterwards they do again what they did before.
    package static func noted<R>(_ body: () throws -> R) rethrows -> R {
        concord_signals_catch()
        defer { concord_signals_release() }
        return try body()
    }

    /// The number of the signal that came since, nil if none did.
    package static var pending: Int32? {
        let signal = concord_signals_noted()
        return signal == 0 ? nil : signal
    }

    /// Whether SIGUSR1 came since this was last asked.
    package static func takeCheckpointRequest() -> Bool { concord_signals_take_checkpoint_request() != 0 }
}

import CBridges

/// SIGINT, SIGTERM and SIGHUP as a flag that a loop reads between two steps.
///
/// The first one sets the flag; a second one ends the process at once with 128 + its number. SIGHUP stays ignored where
/// it was (nohup). A closed output pipe does not end the run: SIGPIPE is ignored, and writing fails with EPIPE.
///
/// SIGUSR1 has a flag of its own, a request to write a checkpoint and continue: batch systems such as Slurm can send it
/// before the time of a job is over.
package enum StopSignals {
    /// Runs `body` with these handlers installed, and restores the earlier ones afterwards.
    package static func noted<R>(_ body: () throws -> R) rethrows -> R {
        concord_signals_catch()
        defer { concord_signals_release() }
        return try body()
    }

    /// The number of the signal received, nil if there was none.
    package static var pending: Int32? {
        let signal = concord_signals_noted()
        return signal == 0 ? nil : signal
    }

    /// Whether SIGUSR1 was received since the last call.
    package static func takeCheckpointRequest() -> Bool { concord_signals_take_checkpoint_request() != 0 }
}

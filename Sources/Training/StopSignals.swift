import CBridges

/// SIGINT, SIGTERM and SIGHUP as a question that a loop asks between two steps.
///
/// The first one is noted, a second one ends the process at once with 128 + its number. SIGHUP stays ignored where it was (nohup). A reader
/// of the output that goes away ends no run: SIGPIPE is ignored, and writing fails with EPIPE.
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
}

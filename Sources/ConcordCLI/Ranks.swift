import ArgumentParser
import Concord
import ConcordThreadOptions
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The processes that a launcher (mpirun, srun) started this command in.
enum Ranks {
    private static let started = Mutex<Communicator?>(nil)

    /// The communicator of all of them; a process alone where no launcher started it.
    static var shared: Communicator { started.withLock { $0 } ?? .single }

    /// Joins the other processes, where there are any.
    /// - Throws: a usage error where the command is not for several processes, `CommunicationError` where this build
    ///   has no MPI: each process would train, and write the same files.
    static func requireSupport(of command: any ParsableCommand) throws {
        guard let count = Communicator.launchedCount, count > 1 else { return }
        guard command is TrainCommand || command is FineTuneCommand || command is EmbedCommand else {
            throw ValidationError(
                "started \(count) times by a launcher: train, finetune and embed run in several processes, other commands in "
                    + "one; start it without mpirun")
        }
        let ranks = try Communicator.mpi()
        started.withLock { $0 = ranks }
    }

    /// Divides a machine's processors among its ranks, where neither --threads nor OMP_NUM_THREADS nor the launcher's
    /// binding did.
    static func shareProcessors(_ options: ThreadOptions) {
        let host = shared.host.count
        guard host > 1, options.threads == nil, getenv("OMP_NUM_THREADS") == nil else { return }
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        Threads.count = min(Threads.count, max(1, processors / host))
        let own = max(1, processors / host)
        if shared.rank == 0, Threads.count < own {
            StandardError.line(
                "note: the launcher bound this rank to \(Threads.count) of its \(own) processors; give it all: mpirun "
                    + "--map-by slot:PE=\(own)")
        }
    }

    /// Waits for the others' end.
    static func finish() { shared.finish() }

    /// Ends all ranks with one line. Where all of them fail alike, rank 0 says so.
    static func endAll(_ message: String, _ status: Int32) {
        guard !shared.isAlone else { return }
        if shared.rank > 0 { usleep(400_000) }
        shared.abort(message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message, status: status)
    }
}

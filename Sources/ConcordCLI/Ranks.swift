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

    /// Ends all ranks with one line: rank 0's where all of them fail alike, that of the rank that a message names.
    /// - Returns: what this process has to say itself, where it has not joined the others.
    static func endAll(_ message: String, _ status: Int32) -> String {
        let isAlone = shared.isAlone
        let rank = isAlone ? launchedRank ?? 0 : shared.rank
        let reason = message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
        let named = reason.prefixMatch(of: #/rank ([0-9]+) of [0-9]+: /#)
        if let named, Int(named.output.1) != rank {
            sleep(3)  // that rank's own line comes first
        } else if rank > 0 {
            sleep(isAlone ? 3 : 1)  // mpirun takes a second to end the others of one that leaves
        }
        guard isAlone else { shared.abort(reason, status: status) }
        return rank > 0 ? "Error: rank \(rank) of \(Communicator.launchedCount ?? rank + 1): \(reason)" : message
    }

    /// This process's place among those that a launcher started, before it joins them; nil where none did.
    private static var launchedRank: Int? {
        guard Communicator.launchedCount != nil else { return nil }
        for name in ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"] {
            if let text = getenv(name), let rank = Int(String(cString: text)) { return rank }
        }
        return nil
    }
}

import CBridges
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// The processes that train one model together, its ranks, and what they tell each other.
///
/// ```swift
/// let ranks = try Communicator.mpi()                                    // after mpirun -n 4
/// let total = ranks.sum([Double(batch.count)])[0]                       // the same number on every rank
/// ```
///
/// Every call but ``abort(_:status:)`` is collective: all ranks make the same calls in the same order, from the thread that
/// made the communicator. Results have the same bits on all ranks. A call that fails ends all ranks with one line that
/// names the rank and the reason: with a rank gone there is nobody to go on with.
///
/// ``single`` is the communicator of a process alone; its calls return what they are given.
public final class Communicator: Sendable {
    /// This process's place, from 0.
    public let rank: Int
    /// Number of ranks, at least 1.
    public let count: Int
    /// This process's place among the ranks of its machine, and how many these are.
    public let host: (rank: Int, count: Int)
    /// The library, "Open MPI v4.1.4"; "none" alone.
    public let library: String

    private init(rank: Int, count: Int, host: (rank: Int, count: Int), library: String) {
        (self.rank, self.count, self.host, self.library) = (rank, count, host, library)
    }

    /// A process of its own.
    public static let single = Communicator(rank: 0, count: 1, host: (0, 1), library: "none")

    /// Whether this build knows MPI (the package trait `MPI`).
    public static var hasMPI: Bool { concord_mpi_is_built() }

    /// The library's name and version, "Open MPI v4.1.4"; nil in a build without MPI.
    public static var installedLibrary: String? { hasMPI ? taken(concord_mpi_library()) : nil }

    /// How many processes a launcher (mpirun, srun) started this one among; nil where none did.
    public static var launchedCount: Int? {
        for name in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"] {
            if let text = getenv(name), let count = Int(String(cString: text)), count > 0 { return count }
        }
        // srun says so in SLURM_NTASKS, but an sbatch script's own processes have that too, and no PMI.
        let isStep = getenv("PMIX_RANK") != nil || getenv("PMI_RANK") != nil
        if isStep, let text = getenv("SLURM_STEP_NUM_TASKS"), let count = Int(String(cString: text)) { return count }
        return nil
    }

    /// Starts MPI; the process ends it with ``finish()``.
    /// - Throws: `CommunicationError`.
    public static func mpi() throws(CommunicationError) -> Communicator {
        guard hasMPI else { throw .notBuilt }
        let code = concord_mpi_start()
        guard code == 0 else { throw .failed(operation: "MPI_Init", reason: message(code)) }
        var hostRank: Int32 = 0, hostCount: Int32 = 1
        concord_mpi_host(&hostRank, &hostCount)
        return Communicator(
            rank: Int(concord_mpi_rank()), count: Int(concord_mpi_count()), host: (Int(hostRank), Int(hostCount)),
            library: taken(concord_mpi_library()))
    }

    /// Ends MPI after all ranks came here; nothing in a process alone.
    public func finish() { if library != "none" { concord_mpi_finish() } }

    /// Ends all ranks at once, with one line about this one.
    public func abort(_ reason: String, status: Int32 = 1) -> Never {
        let line = count > 1 ? "Error: rank \(rank) of \(count): \(reason)\n" : "Error: \(reason)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        if count > 1 { concord_mpi_abort(status) }
        _exit(status)
    }

    private static func message(_ code: Int32) -> String { taken(concord_mpi_message(code)) }

    private static func taken(_ text: UnsafeMutablePointer<CChar>?) -> String {
        defer { free(text) }
        return text.map { String(cString: $0) } ?? ""
    }

    /// Ends all ranks where a call failed.
    func check(_ code: Int32, _ operation: StaticString) {
        if code != 0 { abort("\(operation) failed: \(Self.message(code)); go on from the last checkpoint") }
    }
}

/// The communicator of the computation on this thread.
extension Communicator {
    /// That of the surrounding `withCommunicator`; ``single`` outside of one.
    public static var current: Communicator { (Context.current.ranks as? Communicator) ?? single }

    /// Whether this process has the whole batch.
    public var isAlone: Bool { count == 1 }
}

/// Runs `body` as this rank's part of a computation that all ranks of a communicator make together, each with its share
/// of one batch.
/// - Parameters:
///   - synchronizingBatchNorm: normalizes by the statistics of all ranks' samples; else each rank by its own.
///   - contrast: how InfoNCE sees the embeddings of all ranks.
public func withCommunicator<R, E: Error>(
    _ communicator: Communicator, synchronizingBatchNorm: Bool = false, contrast: ContrastForm = .gather,
    _ body: () throws(E) -> R
) throws(E) -> R {
    try Context.with(
        {
            $0.ranks = communicator.isAlone ? nil : communicator
            $0.communicator = $0.ranks
            $0.synchronizesBatchNorm = synchronizingBatchNorm
            $0.circulatesEmbeddings = contrast == .ring
        }, body)
}

/// How the embeddings of all ranks are contrasted; the losses are equal within rounding.
public enum ContrastForm: String, Sendable, CaseIterable {
    /// Every rank has all embeddings, and computes the logits of its shard of the rows.
    case gather
    /// Blocks of embeddings go around the ranks, each under way while the last one is computed: a rank's memory does not
    /// grow with the number of ranks. Of InfoNCE over pairs and over two views; other losses gather.
    case ring
}

/// Why there is no communication between ranks.
public enum CommunicationError: Error, Equatable, CustomStringConvertible {
    /// This build knows no MPI.
    case notBuilt
    /// MPI refused.
    case failed(operation: String, reason: String)

    /// One line for people.
    public var description: String {
        switch self {
        case .notBuilt: "this build has no MPI; build with: swift build -c release --traits MPI"
        case .failed(let operation, let reason): "\(operation) failed: \(reason)"
        }
    }
}

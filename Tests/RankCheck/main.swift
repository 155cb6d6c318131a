import ConcordCommunication

#if canImport(Glibc)
    import Glibc
#endif

// What several processes compute together, compared with what one computes alone. Started by mpirun:
//
//     mpirun -n 2 RankCheck                        losses and gradients; exits with 1 where one differs
//     mpirun -n 2 RankCheck ring-memory 65536 512  memory of the ring's loss; of the plain one on one rank
//     mpirun -n 2 RankCheck gather-memory 65536 512  of the loss of gathered embeddings
let ranks: Communicator
do {
    ranks = try Communicator.mpi()
} catch {
    print("RankCheck: \(error)")
    exit(2)
}
let arguments = CommandLine.arguments.dropFirst()
let isGood: Bool
if let form = arguments.first, ["ring-memory", "gather-memory"].contains(form), arguments.count == 3,
    let n = Int(arguments[2]), let d = Int(arguments[3])
{
    MemoryCheck(ranks: ranks, count: n, width: d, isRing: form == "ring-memory").run()
    isGood = true
} else if arguments.isEmpty {
    isGood = [47, 3].map { LossChecks(ranks: ranks, count: $0).run() }.allSatisfy(\.self)
} else {
    if ranks.rank == 0 { print("usage: RankCheck [ring-memory N D | gather-memory N D]") }
    ranks.finish()
    exit(64)
}
ranks.finish()
exit(isGood ? 0 : 1)

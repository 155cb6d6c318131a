import ConcordCommunication
import ConcordTensors
import TestSupport
import Testing

/// A process alone: its communicator gives back what it is given.
@Suite struct SingleProcessTests {
    private let alone = Communicator.single

    @Test func aProcessOutsideOfAnyCommunicatorIsAlone() {
        #expect(Communicator.current === Communicator.single)
        #expect(alone.isAlone && alone.rank == 0 && alone.count == 1)
        withCommunicator(alone) { #expect(Communicator.current.isAlone) }
    }

    @Test func numbersComeBack() {
        #expect(alone.sum([1, -2.5]) == [1, -2.5])
        #expect(alone.largest([3, .infinity]) == [3, .infinity])
        #expect(alone.gather(7) == [7])
        #expect(alone.gather([1, 2, 3] as [UInt8]) == [[1, 2, 3]])
        #expect(alone.broadcast([4, 5] as [UInt8]) == [4, 5])
        alone.barrier()
    }

    @Test func tensorsComeBack() {
        let x = hashed("x", [3, 4])
        let results = [
            alone.gather(x), alone.sum(x), alone.sumScattered(x, rows: [3]), alone.broadcast(x),
            alone.startExchange(x, to: 0, from: 0, shape: [3, 4]).wait(), alone.startSum(x).wait(),
        ]
        for result in results {
            #expect(result.shape == x.shape)
            #expect(result.scalars == x.scalars)
        }
        #expect(alone.startGather(x).progress())
    }

    @Test func sharedValuesAreTheirOwnGradients() {
        let x = hashed("x", [3, 4]), upstream = hashed("upstream", [3, 4])
        for body in [{ $0.gatheredFromRanks() }, { $0.summedOverRanks() }] as [(Tensor) -> Tensor] {
            let (outputs, pullback) = valueWithPullback(of: [x]) { [body($0[0])] }
            #expect(outputs[0].scalars == x.scalars)
            #expect(pullback([upstream]).1[0]?.scalars == upstream.scalars)
        }
    }

    @Test func withoutTheTraitMPISaysSo() {
        guard !Communicator.hasMPI else { return }
        #expect(throws: CommunicationError.notBuilt) { try Communicator.mpi() }
    }
}

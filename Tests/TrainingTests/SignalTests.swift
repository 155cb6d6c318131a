import ConcordTraining
import Foundation
import TestSupport
import Testing

/// One after the other: a process has one set of signal handlers.
@Suite(.serialized)
struct SignalTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsTheRunWithACheckpointAndItGoesOnBitForBit(signal: Int32) throws {
        let whole = Run(), expected = whole.trainer()
        try expected.train(on: points(of: 4))
        var run = Run(catchesSignals: true)
        run.evaluation = .every(11) {
            kill(getpid(), signal)  // to whichever thread takes it
            while StopSignals.pending == nil { usleep(100) }
            return []
        }
        #expect(try run.trainer().train(on: points(of: 4)) == .interrupted(signal: signal))
        #expect(run.files == ["step-00000011.optimizer.safetensors", "step-00000011.safetensors"])
        #expect(try run.steps == Array(1...11))
        run.evaluation = nil
        let second = run.trainer()
        try second.resume(from: run.checkpoints)
        #expect(try second.train(on: points(of: 4)) == .finished)
        #expect(second.objective.values == expected.objective.values)
    }
}

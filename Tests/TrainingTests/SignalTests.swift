import ConcordTraining
import Foundation
import TestSupport
import Testing

/// One after the other: a process has one set of signal handlers.
@Suite(.serialized)
struct SignalTests {
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalEndsTheRunWithACheckpointAndItGoesOnBitForBit(signal: Int32) throws {
        if signal == SIGHUP { Foundation.signal(SIGHUP, SIG_DFL) }  // the tests may run under nohup
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

    @Test func aRequestForACheckpointWritesOneAndChangesNoBit() throws {
        Foundation.signal(SIGUSR1, SIG_IGN)  // before and after the run
        let whole = Run(), expected = whole.trainer()
        try expected.train(on: points(of: 4))
        var run = Run(catchesSignals: true)
        run.evaluation = .every(11) {
            kill(getpid(), SIGUSR1)
            usleep(50_000)
            return []
        }
        let trainer = run.trainer()
        #expect(try trainer.train(on: points(of: 4)) == .finished)
        #expect(trainer.objective.values == expected.objective.values)
        #expect(run.files.contains("step-00000011.safetensors"))
        #expect(!whole.files.contains("step-00000011.safetensors"))
    }

    @Test func anIgnoredHangUpStaysIgnored() {
        Foundation.signal(SIGHUP, SIG_IGN)  // and it stays so: a busy machine may deliver the one below late
        StopSignals.noted {
            kill(getpid(), SIGHUP)
            usleep(20_000)
            #expect(StopSignals.pending == nil)
        }
    }

    @Test func aPipeThatNobodyReadsIsAnErrorAndNoSignal() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        StopSignals.noted { #expect(write(ends[1], "x", 1) == -1 && errno == EPIPE) }
    }
}

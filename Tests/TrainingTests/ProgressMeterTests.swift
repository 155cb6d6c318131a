import ConcordTraining
import Foundation
import Testing

/// The text that a meter shows of the speed and of the time left.
@Suite struct ProgressMeterTests {
    /// Ten steps of 10 ms, then something else for `pause`.
    private func shown(_ pause: (ProgressMeter, () -> Void) -> Void) -> (rate: Double, secondsLeft: Double) {
        let meter = ProgressMeter(total: 1000, style: .silent)
        for step in 1...10 {
            Thread.sleep(forTimeInterval: 0.01)
            if step == 10 {
                pause(meter) { Thread.sleep(forTimeInterval: 2) }
            } else {
                meter.note(step, items: 8)
            }
        }
        return meter.speed
    }

    @Test func anEvaluationBetweenAStepAndItsReportDoesNotCount() {
        let (rate, left) = shown { meter, other in
            meter.pauseTime()
            other()
            meter.note(10, items: 8)
        }
        #expect(rate > 150 && left < 60, "\(rate) items a second, \(left) s left")
    }

    @Test func aCheckpointAfterAReportDoesNotCount() {
        let (rate, left) = shown { meter, other in
            meter.note(10, items: 8)
            other()
            meter.skipTime()
            Thread.sleep(forTimeInterval: 0.01)
            meter.note(11, items: 8)
        }
        #expect(rate > 150 && left < 60, "\(rate) items a second, \(left) s left")
    }
}

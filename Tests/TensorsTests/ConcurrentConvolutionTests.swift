import ConcordTensors
import Foundation
import Synchronization
import TestSupport
import Testing

/// Convolutions that several threads compute at once.
@Suite(.serialized) struct ConcurrentConvolutionTests {
    /// oneDNN up to 2.7 mixes up two convolutions of different element types that are described at once.
    @Test(.enabled(if: Processor.hasBFloat16)) func thoseOfBothElementTypesAreRightWhenTheyAreMadeAtOnce() {
        let wrong = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 2) { worker in
            for round in 0..<600 {
                let channels = 1 + round % 7
                let x = hashed("x", [2, 3 + round / 60, 4 + round % 60, channels])
                let weight = hashed("weight", [8, channels, 3, 3])
                let reference = convolvedPlainly(x, weight), largest = reference.map(abs).max() ?? 0
                let y =
                    worker == 0
                    ? x.convolved2d(weight: weight, padding: 1)
                    : x.converted(to: .bfloat16).convolved2d(weight: weight, padding: 1).converted(to: .float32)
                let tolerance: Float = worker == 0 ? 1e-4 : 0.03
                if zip(y.scalars, reference).contains(where: { !(abs($0 - $1) <= tolerance * largest) }) {
                    wrong.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    /// Convolutions on one thread that has the pool and one that has not, while a third changes the number of threads.
    @Test(.enabled(if: ThreadTests.areEnabled)) func convolutionsAreRightWhileTheNumberOfThreadsChanges() {
        let before = Threads.count, isOver = Atomic(false), wrong = Atomic(0)
        let changing = Thread {
            while !isOver.load(ordering: .relaxed) {
                Threads.count = 1
                Threads.count = 2
            }
        }
        changing.start()
        let weight = hashed("weight", [8, 3, 3, 3])
        DispatchQueue.concurrentPerform(iterations: 2) { worker in
            for round in 0..<120 {
                // A geometry of each round's own: its primitives are made here.
                let shape = [3, 5 + round / 12, 4 + round % 12, 3]
                let x = hashed("x", shape)
                for _ in 0..<4 {
                    let y = x.convolved2d(weight: weight, padding: 1)
                    let reference = convolvedPlainly(x, weight)
                    let largest = reference.map(abs).max() ?? 0
                    if zip(y.scalars, reference).contains(where: { !(abs($0 - $1) <= 1e-4 * largest) }) {
                        wrong.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        isOver.store(true, ordering: .relaxed)
        while !changing.isFinished { Thread.sleep(forTimeInterval: 0.001) }
        Threads.count = before
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    /// 3x3, padding 1, NHWC.
    private func convolvedPlainly(_ x: Tensor, _ weight: Tensor) -> [Float] {
        let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3]), filters = weight.shape[0]
        let a = x.scalars, k = weight.scalars
        var y = [Float](repeating: 0, count: n * h * w * filters)
        for i in 0..<n {
            for row in 0..<h {
                for column in 0..<w {
                    for f in 0..<filters {
                        var sum: Float = 0
                        for dy in -1...1 where (0..<h).contains(row + dy) {
                            for dx in -1...1 where (0..<w).contains(column + dx) {
                                for channel in 0..<c {
                                    sum +=
                                        a[((i * h + row + dy) * w + column + dx) * c + channel]
                                        * k[((f * c + channel) * 3 + dy + 1) * 3 + dx + 1]
                                }
                            }
                        }
                        y[((i * h + row) * w + column) * filters + f] = sum
                    }
                }
            }
        }
        return y
    }
}

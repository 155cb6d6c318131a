import ConcordTensors
import Foundation
import Testing

struct AllocatorContentionTests {
    /// Every thread fills what it got with its own mark and looks at it again before it gives it back.
    @Test func noTwoThreadsGetTheSameMemory() throws {
        let rounds = 2000
        let spoiled = Tally()
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var random = RandomKey(seed: UInt64(thread)).sequence
            var held: [Tensor] = []
            for _ in 0..<rounds {
                if held.count > 20 || (held.count > 4 && random.uniform() < 0.5) {
                    let tensor = held.remove(at: Int(random.next() % UInt64(held.count)))
                    let mark = Float(thread * 1000 + tensor.count % 997)
                    if !tensor.scalars.allSatisfy({ $0 == mark }) { spoiled.add(1) }
                } else {
                    let count = 1 + Int(random.next() % 3000) * (random.uniform() < 0.02 ? 100 : 1)
                    held.append(
                        Tensor([Float](repeating: Float(thread * 1000 + count % 997), count: count), shape: [count]))
                }
            }
        }
        #expect(spoiled.count == 0)
    }
}

private final class Tally: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var count = 0
    func add(_ more: Int) { lock.withLock { count += more } }
}

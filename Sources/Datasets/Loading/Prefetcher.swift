import Synchronization

/// Makes numbered items ahead of their use on threads of its own and gives them out in order.
final class Prefetcher<Item: Sendable> {
    /// Makes an item; checks the flag now and then and returns nil when it is set.
    typealias Make = @Sendable (_ number: Int, _ isStopped: borrowing Atomic<Bool>) -> Item?

    private struct State {
        /// The next number that a thread takes, and the next that is given out.
        var claimed: Int, given: Int
        var ready: [Int: Item] = [:]
        var isStopped = false
    }

    /// What the threads hold on to: the prefetcher itself may go while they run.
    private final class Shared: Sendable {
        let monitor: Monitor<State>
        let isStopped = Atomic<Bool>(false)
        let end: Int, ahead: Int
        let make: Make

        init(_ numbers: Range<Int>, ahead: Int, make: @escaping Make) {
            monitor = Monitor(State(claimed: numbers.lowerBound, given: numbers.lowerBound))
            (end, self.ahead, self.make) = (numbers.upperBound, ahead, make)
        }

        /// A thread's work: takes the next number while there is room, until all are taken.
        func work() {
            while let number = claim() {
                guard let item = make(number, isStopped) else { return }
                monitor.update { $0.ready[number] = item }
            }
        }

        private func claim() -> Int? {
            monitor.wait { state -> Int?? in
                if state.isStopped || state.claimed >= end { return .some(nil) }
                guard state.claimed < state.given + ahead else { return nil }
                state.claimed += 1
                return state.claimed - 1
            }
        }

        func next() -> Item? {
            monitor.wait { state -> Item?? in
                guard state.given < end else { return .some(nil) }
                guard let item = state.ready.removeValue(forKey: state.given) else { return nil }
                state.given += 1
                return item
            }
        }
    }

    private let shared: Shared
    private var threads: [LoaderThread] = []
    /// The next number where there are no threads.
    private var serial: Int

    /// - Parameters:
    ///   - threads: 0 makes each item on demand, on the calling thread.
    ///   - ahead: items made or under way and not yet given out, at most.
    init(_ numbers: Range<Int>, threads: Int, ahead: Int, make: @escaping Make) {
        shared = Shared(numbers, ahead: max(1, ahead), make: make)
        serial = numbers.lowerBound
        let shared = shared
        for _ in 0..<max(0, min(threads, numbers.count, max(1, ahead))) {
            guard let thread = LoaderThread({ shared.work() }) else { break }  // fewer threads give the same items
            self.threads.append(thread)
        }
    }

    /// The next item in order, waiting for it; nil after the last.
    func next() -> Item? {
        guard threads.isEmpty else { return shared.next() }
        guard serial < shared.end else { return nil }
        serial += 1
        return shared.make(serial - 1, shared.isStopped)
    }

    /// Ends the threads: each finishes the sample that it is at.
    func stop() {
        shared.isStopped.store(true, ordering: .relaxed)
        shared.monitor.update { $0.isStopped = true }
        for thread in threads { thread.join() }
        threads = []
        serial = shared.end
    }

    deinit { stop() }
}

import ConcordCommunication
import ConcordObjectives
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Peak memory and time of a loss of N pairs with its gradients.
struct MemoryCheck {
    let ranks: Communicator
    let count: Int, width: Int
    let isRing: Bool

    func run() {
        let rows = (ranks.rank + 1) * count / ranks.count - ranks.rank * count / ranks.count
        let a = seeded("a\(ranks.rank)", [rows, width]), b = seeded("b\(ranks.rank)", [rows, width])
        let before = Self.kilobytes("VmRSS"), start = Self.seconds
        let loss = InfoNCE(temperature: .fixed(0.1))
        let value = withCommunicator(ranks) {
            let (outputs, pullback) = valueWithPullback(of: [a, b]) {
                [
                    isRing
                        ? loss.ring($0[0], $0[1]) : loss($0[0].gatheredFromRanks(), $0[1].gatheredFromRanks())
                ]
            }
            let gradients = pullback([Tensor(1 / Float(ranks.count))]).1
            precondition(gradients.allSatisfy { $0?.shape == a.shape })
            return outputs[0].item
        }
        let peaks = ranks.gather(Self.kilobytes("VmHWM"))
        let inputs = ranks.gather(before)
        guard ranks.rank == 0 else { return }
        print(
            """
            \(ranks.isAlone ? "plain" : isRing ? "ring" : "gathered") \(count) x \(width), ranks \(ranks.count): loss \(value), \
            peak kB a rank \(peaks), with the embeddings alone \(inputs), \(Self.seconds - start) s
            """)
    }

    private static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// A line of /proc/self/status, in kB.
    private static func kilobytes(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix(name + ":") { return Int(text.filter(\.isNumber)) ?? 0 }
        }
        return 0
    }
}

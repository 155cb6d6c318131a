import CKernels
import Concord
import Synchronization

/// The fastest that the processor's arithmetic was seen to be with all threads, in floating-point operations a second.
struct PeakRate: Codable {
    /// Of multiply-adds in registers, in float32.
    var multiplyAdds = 0.0
    /// Of matmuls by the library in use.
    var matmuls = 0.0

    var highest: Double { max(multiplyAdds, matmuls) }

    /// The rate that a step is compared with: in float32 that of multiply-adds in registers, which matmuls on AMX may
    /// exceed; in bfloat16, for which there is no such loop, that of matmuls.
    func reference(_ precision: Precision) -> Double { precision == .float32 ? multiplyAdds : highest }

    /// All of it in words.
    func description(_ precision: Precision) -> String {
        "peak \((reference(precision) / 1e9).decimals(0)) GFLOP/s: multiply-adds \((multiplyAdds / 1e9).decimals(0)), "
            + "matmuls "
            + "\((matmuls / 1e9).decimals(0))"
    }

    /// Tries both for about half a second, and keeps the highest.
    mutating func measure(_ precision: Precision = .float32) {
        let threads = Threads.count, rounds = 10_000_000
        for _ in 0..<5 {
            let seconds = Timing.seconds { Self.multiplyAdd(threads: threads, rounds: rounds) }
            multiplyAdds = max(multiplyAdds, Double(threads * rounds * CONCORD_MULTIPLY_ADD_OPERATIONS) / seconds)
        }
        for (m, n, k) in [(1536, 1536, 1536), (4096, 2048, 512), (4096, 512, 2048)] {
            let type = precision == .bfloat16 ? ElementType.bfloat16 : .float32
            let a = Tensor(ones: [m, k]).converted(to: type), b = Tensor(ones: [n, k]).converted(to: type)
            let timing = Timing.of(repeats: 4) { _ = a.matmul(b, transposing: .right) }
            matmuls = max(matmuls, 2 * Double(m) * Double(n) * Double(k) / timing.minimum)
        }
    }

    private static let sink = Atomic<UInt32>(0)

    private static func multiplyAdd(threads: Int, rounds: Int) {
        Parallel.run(threads) { range in
            for _ in range { sink.store(concord_multiply_adds(0.5, 1, rounds).bitPattern, ordering: .relaxed) }
        }
    }
}

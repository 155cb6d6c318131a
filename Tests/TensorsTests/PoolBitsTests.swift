import ConcordTensors
import Foundation
import TestSupport
import Testing

/// A thread that has not the pool of threads, because another one computes in the same process, has the same bits as
/// one that has it: a run's numbers do not depend on what else its process does.
@Suite(.serialized) struct PoolBitsTests {
    /// The names of what differs between a thread that has the pool and one that has not.
    private func differences(_ cases: [(name: String, results: @Sendable () -> [Tensor])]) -> [String] {
        struct Collected: @unchecked Sendable { var bits: [[[Float]]] = [] }
        nonisolated(unsafe) var collected = [Collected(), Collected()]
        // The first one holds the pool until the second one is through, unless something beside this test has it.
        let holder = DispatchSemaphore(value: 0), other = DispatchSemaphore(value: 0)
        Thread {
            collected[0].bits = cases.map { $0.results().map(\.scalars) }
            holder.signal()
            other.wait()
        }.start()
        holder.wait()
        let second = Thread {
            collected[1].bits = cases.map { $0.results().map(\.scalars) }
            holder.signal()
        }
        second.start()
        holder.wait()
        other.signal()
        return cases.indices.filter { collected[0].bits[$0] != collected[1].bits[$0] }.map { place in
            let (a, b) = (collected[0].bits[place], collected[1].bits[place])
            return cases[place].name + " " + a.indices.filter { a[$0] != b[$0] }.map { "\($0)" }.joined(separator: ",")
        }
    }

    /// What `body` makes of `x` in an element type, a weight and a bias, and the gradients of all three, in float32.
    private static func outputAndGradients(
        _ x: [Int], _ type: ElementType, weight: [Int], _ body: ([Tensor]) -> Tensor
    ) -> [Tensor] {
        let inputs = [hashed("x", x).converted(to: type), hashed("w", weight), hashed("b", [weight[0]])]
        let (outputs, pullback) = valueWithPullback(of: inputs) { [body($0)] }
        let gradients = pullback([hashed("up", outputs[0].shape).converted(to: type)]).1
        return ([outputs[0]] + gradients.compactMap(\.self)).map { $0.converted(to: .float32) }
    }

    @Test func convolutionsDoNotDependOnWhoHasThePool() {
        var cases: [(name: String, results: @Sendable () -> [Tensor])] = []
        for type in Processor.hasBFloat16 ? [ElementType.float32, .bfloat16] : [.float32] {
            for (batch, side, channels, filters, kernel, stride) in [
                (12, 16, 3, 4, 3, 1), (12, 16, 4, 4, 3, 1), (12, 8, 4, 8, 3, 2), (24, 4, 16, 16, 3, 1),
                (24, 2, 32, 32, 3, 1), (24, 1, 32, 32, 3, 1), (24, 8, 4, 8, 1, 2), (24, 8, 16, 8, 1, 1),
                (16, 32, 3, 64, 3, 1), (16, 32, 64, 64, 3, 1), (16, 16, 64, 128, 3, 2), (16, 8, 256, 256, 3, 1),
                (16, 4, 512, 512, 3, 1), (64, 4, 512, 512, 3, 1), (8, 56, 3, 64, 7, 2),
                (16, 14, 256, 1024, 1, 1), (16, 7, 1024, 256, 1, 1), (16, 14, 256, 512, 1, 2),
            ] {
                cases.append((
                    "\(type) [\(batch), \(side), \(side), \(channels)] to \(filters), \(kernel)x\(kernel)/\(stride)",
                    {
                        Self.outputAndGradients(
                            [batch, side, side, channels], type, weight: [filters, channels, kernel, kernel]
                        ) { $0[0].convolved2d(weight: $0[1], bias: $0[2], stride: stride, padding: kernel / 2) }
                    }))
            }
        }
        #expect(differences(cases) == [])
    }

    @Test func productsDoNotDependOnWhoHasThePool() {
        var cases: [(name: String, results: @Sendable () -> [Tensor])] = []
        for type in Processor.hasBFloat16 ? [ElementType.float32, .bfloat16] : [.float32] {
            for (m, n, k) in [
                (12, 16, 32), (48, 32, 32), (4096, 64, 64), (16, 4096, 64), (512, 512, 2048), (2048, 256, 1024),
                (300, 20, 7000), (1, 1000, 512), (1, 512, 512), (1, 512, 2048), (3, 4096, 512), (8, 512, 512),
                (8, 64, 64), (20, 30, 3000), (64, 64, 1500),
            ] {
                cases.append((
                    "\(type) [\(m), \(k)] to \(n)",
                    {
                        Self.outputAndGradients([m, k], type, weight: [n, k]) {
                            $0[0].linear(weight: $0[1], bias: $0[2])
                        }
                    }))
            }
            for route in ForcedMatmulTests.routes where type == .float32 {
                cases.append((
                    "\(route)",
                    {
                        withKernels(.forcing(route)) {
                            [(512, 512, 2048), (37, 19, 4001), (2048, 64, 100)].map { m, n, k in
                                hashed("a", [m, k]).matmul(hashed("b", [k, n]))
                            }
                        }
                    }))
            }
        }
        #expect(differences(cases) == [])
    }
}

import ConcordTensors
import Testing

struct ProfileTests {
    @Test func aProfileCountsOperationsForwardAndBackwardUnderTheirNames() throws {
        let x = Tensor(ones: [4, 8])
        let (_, profile) = Profile.measuring {
            valueWithPullback(of: [x]) { inputs in [inputs[0].matmul(Tensor(ones: [8, 2])).softmax()] }.pullback([
                Tensor(ones: [4, 2])
            ])
        }
        let calls = Dictionary(uniqueKeysWithValues: profile.entries.map { ($0.name, $0.calls) })
        #expect(calls["matmul"] == 1)
        #expect(calls["matmul backward"] == 1)
        #expect(calls["softmax"] == 1 && calls["softmax backward"] == 1)
        #expect(profile.entries.allSatisfy { $0.seconds >= 0 && $0.bytes > 0 })
        #expect(profile.entries.map(\.seconds) == profile.entries.map(\.seconds).sorted(by: >))
        #expect(profile.seconds > 0)
    }

    @Test func nothingIsMeasuredOutside() {
        let ((), profile) = Profile.measuring {}
        _ = Tensor(ones: [4]) + 1
        #expect(profile.entries.isEmpty)
    }
}

import ConcordTensors
import TestSupport
import Testing

@Suite struct AttentionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String, shape: [Int], heads: Int
        var causal = false
        var mask: [UInt8]?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "plain", shape: [2, 7, 36], heads: 3),
        Case(
            name: "wide", shape: [2, 7, 96], heads: 2, causal: true, mask: [1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        Case(name: "causal", shape: [2, 17, 36], heads: 2, causal: true),
        Case(name: "masked", shape: [2, 7, 36], heads: 3, mask: [1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        Case(
            name: "both", shape: [2, 7, 36], heads: 3, causal: true, mask: [1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]),
        Case(name: "long", shape: [1, 131, 24], heads: 1),
        Case(name: "long causal", shape: [1, 131, 24], heads: 1, causal: true),
    ]

    @Test(arguments: cases) func equalsPyTorch(_ c: Case) throws {
        let fixture = Fixture("attention")
        let qkv = hashed("\(c.name) qkv", c.shape, scale: 2)
        let mask = c.mask.map { Tensor($0, shape: Array(c.shape.prefix(2))) }
        let (y, pullback) = valueWithPullback(of: [qkv]) {
            [$0[0].attention(heads: c.heads, causal: c.causal, mask: mask)]
        }
        expectClose(y[0], fixture[c.name])
        let dx = pullback([hashed("\(c.name) dy", y[0].shape)]).1[0]
        expectClose(try #require(dx), fixture["\(c.name) dx"])
    }

    @Test func crossAttentionEqualsPyTorch() throws {
        let fixture = Fixture("attention")
        let inputs = [
            hashed("cross q", [2, 3, 8], scale: 2), hashed("cross k", [2, 5, 8], scale: 2),
            hashed("cross v", [2, 5, 8], scale: 2),
        ]
        let (y, pullback) = valueWithPullback(of: inputs) {
            [.attention(query: $0[0], key: $0[1], value: $0[2], heads: 2)]
        }
        expectClose(y[0], fixture["cross"])
        let gradients = pullback([hashed("cross dy", y[0].shape)]).1
        for (name, gradient) in zip(["dq", "dk", "dv"], gradients) {
            expectClose(try #require(gradient), fixture["cross \(name)"], name)
        }
    }

    @Test func aStepThatSeesNothingGivesZerosAndNoGradient() throws {
        let qkv = hashed("dark", [2, 5, 24])
        // The first sample has no real step; the second's first real step is the third, so under causality the first
        // two see nothing.
        let mask = Tensor([0, 0, 0, 0, 0, 0, 0, 1, 1, 0] as [UInt8], shape: [2, 5])
        let (y, pullback) = valueWithPullback(of: [qkv]) { [$0[0].attention(heads: 2, causal: true, mask: mask)] }
        #expect(y[0].scalars.prefix(7 * 8).allSatisfy { $0 == 0 })
        #expect(y[0].scalars.suffix(3 * 8).allSatisfy { $0.isFinite && $0 != 0 })
        let dx = try #require(pullback([Tensor(ones: [2, 5, 8])]).1[0]).scalars
        #expect(dx.prefix(5 * 24).allSatisfy { $0 == 0 })
        #expect(dx.allSatisfy { $0.isFinite })
    }

    @Test func gradientsMatchDifferences() {
        let mask = Tensor([1, 1, 0, 1, 1, 0] as [UInt8], shape: [2, 3])
        checkGradients(of: hashed("g", [2, 3, 12], scale: 2)) { $0[0].attention(heads: 2, causal: true) }
        checkGradients(of: hashed("g", [2, 3, 12], scale: 2)) { $0[0].attention(heads: 2, mask: mask) }
        let (q, k, v) = (hashed("q", [1, 2, 4]), hashed("k", [1, 3, 4]), hashed("v", [1, 3, 4]))
        checkGradients(of: q, k, v) { .attention(query: $0[0], key: $0[1], value: $0[2], heads: 1, causal: true) }
    }

    @Test func droppedWeightsAreTheSameInTheBackwardPass() {
        checkGradients(of: hashed("drop", [2, 5, 24])) { inputs in
            training { inputs[0].attention(heads: 2, dropout: 0.4) }
        }
        checkGradients(of: hashed("drop", [1, 5, 48])) { inputs in
            training { inputs[0].attention(heads: 1, dropout: 0.4) }
        }
        let x = hashed("drop", [2, 5, 24])
        let dropped = training { x.attention(heads: 2, dropout: 0.4) }
        #expect(dropped.scalars != x.attention(heads: 2).scalars)
        #expect(
            x.attention(heads: 2, dropout: 0.4).scalars == x.attention(heads: 2).scalars, "evaluation drops nothing")
    }

    @Test func paddingChangesNothingForRealSteps() {
        let short = hashed("short", [1, 5, 24])
        let padded = Tensor(short.scalars + hashed("rubbish", [4, 24], scale: 9).scalars, shape: [1, 9, 24])
        let mask = Tensor([1, 1, 1, 1, 1, 0, 0, 0, 0] as [UInt8], shape: [1, 9])
        let a = short.attention(heads: 2), b = padded.attention(heads: 2, mask: mask)
        expectClose(Tensor(Array(b.scalars.prefix(40)), shape: a.shape), a, tolerance: 1e-6)
    }
}

import ConcordTensors
import TestSupport
import Testing

struct MultiplyAddTests {
    private func counted(_ body: () -> Void) -> MultiplyAdds { MultiplyAdds.counting(body).1 }

    @Test func aMatmulCountsItsSizesAndEachGradientThatIsNeeded() {
        let a = hashed("a", [2, 3, 5]), b = hashed("b", [5, 7]), w = hashed("w", [11, 5])
        #expect(counted { _ = a.matmul(b) }.matmul == 6 * 5 * 7)
        #expect(counted { _ = a.matmul(hashed("c", [2, 5, 7])) }.matmul == 2 * 3 * 5 * 7)
        #expect(counted { _ = a.linear(weight: w) }.matmul == 6 * 5 * 11)
        let both = counted {
            _ = valueWithPullback(of: [a, w]) { [$0[0].linear(weight: $0[1])] }.pullback([hashed("u", [2, 3, 11])])
        }
        #expect(both.matmul == 3 * 6 * 5 * 11 && both.total == both.matmul)
        let one = counted {
            _ = valueWithPullback(of: [w]) { [a.linear(weight: $0[0])] }.pullback([hashed("u", [2, 3, 11])])
        }
        #expect(one.matmul == 2 * 6 * 5 * 11, "a constant input has no gradient")
    }

    @Test(arguments: [(1, 1, 1, 1), (3, 1, 1, 1), (3, 2, 1, 1), (1, 2, 0, 1), (3, 1, 1, 2), (3, 1, 1, 16)])
    func aConvolutionCountsTheDirectOneWhateverComputesIt(kernel: Int, stride: Int, padding: Int, groups: Int) {
        let x = hashed("x", [2, 9, 10, 16]), w = hashed("w", [32, 16 / groups, kernel, kernel])
        let out = { (size: Int) in (size + 2 * padding - kernel) / stride + 1 }
        let pass = 2 * out(9) * out(10) * 32 * (16 / groups) * kernel * kernel
        func convolved(_ x: Tensor, _ w: Tensor) -> Tensor {
            x.convolved2d(weight: w, stride: stride, padding: padding, groups: groups)
        }
        #expect(counted { _ = convolved(x, w) }.convolution == pass)
        let all = counted {
            _ = valueWithPullback(of: [x, w]) { [convolved($0[0], $0[1])] }
                .pullback([hashed("u", [2, out(9), out(10), 32])])
        }
        #expect(all.convolution == 3 * pass && all.total == all.convolution)
    }

    @Test func aTransposedConvolutionCountsEveryInputTimesEveryTap() {
        let x = hashed("x", [2, 5, 6, 8]), w = hashed("w", [8, 4, 4, 4])
        let count = counted { _ = x.transposedConvolved2d(weight: w, stride: 2, padding: 1) }
        #expect(count.convolution == 2 * 5 * 6 * 8 * 4 * 4 * 4)
    }

    @Test(arguments: [true, false])
    func attentionCountsThePairsThatAQueryMaySee(causal: Bool) {
        let steps = 6, width = 8, lengths = [6, 4, 1]
        let mask = Tensor(
            lengths.flatMap { length in (0..<steps).map { UInt8($0 < length ? 1 : 0) } }, shape: [3, steps])
        var pairs = 0
        for length in lengths {
            for query in 0..<steps { pairs += (0..<length).count { !causal || $0 <= query } }
        }
        let x = hashed("x", [3, steps, 3 * width])
        let count = counted {
            _ = valueWithPullback(of: [x]) { [$0[0].attention(heads: 2, causal: causal, mask: mask)] }
                .pullback([hashed("u", [3, steps, width])])
        }
        #expect(count.attention == 6 * pairs * width && count.total == count.attention)
    }

    @Test func aRecurrenceCountsItsStatesPart() {
        let x = hashed("x", [2, 5, 16]), w = hashed("w", [16, 4])
        #expect(counted { _ = x.lstm(weight: w) }.recurrent == 2 * 5 * 16 * 4)
        let all = counted {
            _ = valueWithPullback(of: [x, w]) { [$0[0].lstm(weight: $0[1])] }.pullback([hashed("u", [2, 5, 4])])
        }
        #expect(all.recurrent == 3 * 2 * 5 * 16 * 4 && all.total == all.recurrent)
    }

    @Test func whatHasNoProductCountsNothingAndScopesAddUp() {
        let x = hashed("x", [4, 6])
        #expect(counted { _ = (x * x + x).relu().softmax().sum() } == MultiplyAdds())
        let whole = counted {
            #expect(counted { _ = x.matmul(x, transposing: .right) }.matmul == 4 * 4 * 6)
            _ = x.matmul(x, transposing: .left)
        }
        #expect(whole.matmul == 4 * 4 * 6 + 6 * 6 * 4)
    }

    @Test func aSumBeyondTheLargestIntStaysThere() {
        var a = MultiplyAdds(), b = MultiplyAdds()
        (a.matmul, b.matmul) = (.max - 1, 3)
        (a.attention, b.attention) = (1, 2)
        #expect((a + b).matmul == .max && (a + b).attention == 3 && (a + b).total == .max)
    }
}

import ConcordTensors
import TestSupport
import Testing

@Suite struct SelectionTests {
    @Test func comparisonsBroadcastAndNaNIsOnlyUnequal() {
        let a = Tensor([1, 2, .nan], shape: [3]), b = Tensor([1, 3], shape: [2, 1])
        #expect((a .> b).bytes == [0, 1, 0, 0, 0, 0])
        #expect((a .< b).bytes == [0, 0, 0, 1, 1, 0])
        #expect((a .>= b).bytes == [1, 1, 0, 0, 0, 0])
        #expect((a .<= b).bytes == [1, 0, 0, 1, 1, 0])
        #expect((a .== b).bytes == [1, 0, 0, 0, 0, 0])
        #expect((a .!= b).bytes == [0, 1, 1, 1, 1, 1])
        #expect((a .> b).shape == [2, 3])
        #expect((a .>= 2).bytes == [0, 1, 0])
    }

    @Test func integersAndBytesCompareToo() {
        let a = Tensor([16_777_217, -3] as [Int32], shape: [2]), b = Tensor([16_777_216, -3] as [Int32], shape: [2])
        #expect((a .== b).bytes == [0, 1])
        #expect((a .> b).bytes == [1, 0])
        #expect((a .== -3).bytes == [0, 1])
        #expect((Tensor([0, 255] as [UInt8], shape: [2]) .!= 0).bytes == [0, 1])
    }

    @Test func aMaskOfRowsSelectsRows() {
        let mask = Tensor([1, 0] as [UInt8], shape: [2, 1])
        #expect(mask.selecting(Tensor([1, 2, 3, 4], shape: [2, 2]), otherwise: -1).scalars == [1, 2, -1, -1])
        #expect(mask.selecting(Tensor(5), otherwise: Tensor([7, 8], shape: [2])).scalars == [5, 5, 7, 8])
        checkGradients(of: hashed("a", [2, 3]), hashed("b", [3])) { mask.selecting($0[0], otherwise: $0[1]) }
        checkGradients(of: hashed("a", []), hashed("b", [2, 1])) { mask.selecting($0[0], otherwise: $0[1]) }
    }

    @Test func whatIsNotSelectedDoesNotReachTheGradient() {
        let x = Tensor([-1, 4], shape: [2])
        let (value, pullback) = valueWithPullback(of: [x]) {
            [($0[0] .> 0).selecting($0[0], otherwise: Tensor([.nan, .nan], shape: [2]))]
        }
        #expect(value[0].scalars[0].isNaN && value[0].scalars[1] == 4)
        #expect(pullback([Tensor([1, 1], shape: [2])]).1[0]?.scalars == [0, 1])
    }

    @Test func minimumAndMaximumShareTheGradientAtTies() {
        let a = Tensor([1, 2, 3], shape: [3]), b = Tensor([2, 2, 2], shape: [3])
        let gradients = valueWithPullback(of: [a, b]) { [$0[0].maximum($0[1])] }.pullback([Tensor(ones: [3])]).1
        #expect(gradients[0]?.scalars == [0, 0.5, 1] && gradients[1]?.scalars == [1, 0.5, 0])
        #expect(a.minimum(b).scalars == [1, 2, 2])
        #expect(
            a.minimum(Tensor(.nan)).scalars.allSatisfy(\.isNaN) && Tensor(.nan).maximum(a).scalars.allSatisfy(\.isNaN))
    }

    @Test func conversionsCutAndSaturate() {
        let x = Tensor([-1.9, 1.9, 300, .nan, .infinity, -.infinity, 2_147_483_520], shape: [7])
        #expect(x.converted(to: .int32).integerScalars == [-1, 1, 300, 0, .max, .min, 2_147_483_520])
        #expect(x.converted(to: .uint8).bytes == [0, 1, 255, 0, 255, 0, 255])
        #expect(Tensor([-7, 300, 9] as [Int32], shape: [3]).converted(to: .uint8).bytes == [0, 255, 9])
        #expect(Tensor([0, 255] as [UInt8], shape: [2]).converted(to: .float32).scalars == [0, 255])
        #expect(Tensor([0, 255] as [UInt8], shape: [2]).converted(to: .int32).integerScalars == [0, 255])
    }
}

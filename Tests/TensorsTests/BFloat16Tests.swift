import ConcordTensors
import Synchronization
import TestSupport
import Testing

/// bfloat16 numbers: how float32 is rounded to them, and what becomes of their kind.
@Suite struct BFloat16Tests {
    @Test(
        arguments: [
            (0x3F80_0000, 0x3F80_0000), (0x3F80_8000, 0x3F80_0000),  // 1; between 1 and the next: to the even one
            // between two of which the upper is even; just above half
            (0x3F81_8000, 0x3F82_0000), (0x3F80_8001, 0x3F81_0000),
            (0xBF81_8000, 0xBF82_0000), (0x8000_0000, 0x8000_0000),  // the same below zero; -0
            (0x0001_8000, 0x0002_0000), (0x0000_8000, 0x0000_0000), (0x0000_8001, 0x0001_0000),  // subnormal
            // beyond the largest; infinities
            (0x7F7F_FFFF, 0x7F80_0000), (0x7F80_0000, 0x7F80_0000), (0xFF80_0000, 0xFF80_0000),
            (0x7F7F_7FFF, 0x7F7F_0000),
        ] as [(UInt32, UInt32)])
    func roundsToTheNearestAndTiesToEven(bits: UInt32, expected: UInt32) {
        for count in [1, 7, 100] {  // the kernels' ends and middles
            let x = Tensor([Float](repeating: Float(bitPattern: bits), count: count), shape: [count]).converted(
                to: .bfloat16)
            let bits = Set(x.scalars.map(\.bitPattern))
            #expect(bits == [expected])
        }
    }

    @Test(arguments: [0x7F80_0001, 0xFFFF_FFFF, 0x7FC0_0000, 0x7FFF_8000] as [UInt32])
    func notANumberStaysOne(bits: UInt32) {
        let x = Tensor([Float](repeating: Float(bitPattern: bits), count: 33), shape: [33]).converted(to: .bfloat16)
        #expect(x.scalars.allSatisfy { $0.isNaN })
    }

    @Test func everyNumberSurvivesTheWayThereAndBack() {
        let all = (0...UInt32(UInt16.max)).map { Float(bitPattern: $0 << 16) }
        let back = Tensor(all, shape: [all.count]).converted(to: .bfloat16).converted(to: .float32).scalars
        for (a, b) in zip(all, back) where !(a.isNaN && b.isNaN) { #expect(a.bitPattern == b.bitPattern) }
    }

    @Test func conversionsCarryGradients() throws {
        let x = hashed("x", [5, 3])
        let (outputs, pullback) = valueWithPullback(of: [x]) { [$0[0].converted(to: .bfloat16).squared()] }
        #expect(outputs[0].elementType == .float32)
        let dx = try #require(pullback([Tensor(ones: [5, 3])]).1[0])
        #expect(dx.elementType == .float32)
        expectClose(dx, x * 2, tolerance: 0x1p-7)
    }

    @Test func cotangentsAddUpInFloat32AndAreRoundedOnce() throws {
        // 1 + 2^-8 + 2^-8: rounded after each sum it stays 1.
        let parts = [Float(1), 0x1p-8, 0x1p-8].map { Tensor(repeating: $0, shape: [20]) }
        let x = Tensor(ones: [20]).converted(to: .bfloat16)
        let (_, pullback) = valueWithPullback(of: [x]) { inputs in parts.map { inputs[0] * $0 } }
        let dx = try #require(pullback(parts.map { _ in Tensor(ones: [20]) }).1[0])
        #expect(dx.elementType == .bfloat16)
        #expect(dx.scalars.allSatisfy { $0 == 1 + 0x1p-7 })
    }

    @Test func withoutInstructionsThereIsOneWarningAndFloat32() {
        var warnings: [String] = []
        #expect(Precision.bfloat16.available(hasInstructions: false) { warnings.append($0) } == .float32)
        #expect(warnings.count == 1 && warnings[0].contains("float32"))
        #expect(Precision.bfloat16.available(hasInstructions: true) { warnings.append($0) } == .bfloat16)
        #expect(Precision.float32.available(hasInstructions: false) { warnings.append($0) } == .float32)
        #expect(warnings.count == 1)
    }

    @Test func shapesMoveItAsTheyMoveFloat32() {
        let wide = hashed("moved", [3, 4, 5]).converted(to: .bfloat16).converted(to: .float32),
            narrow = wide.converted(to: .bfloat16)
        func check(_ what: String, _ body: (Tensor) -> Tensor) {
            let result = body(narrow)
            #expect(result.elementType == .bfloat16, "\(what)")
            #expect(result.shape == body(wide).shape && result.scalars == body(wide).scalars, "\(what)")
        }
        check("reshaped") { $0.reshaped([12, 5]) }
        check("permuted") { $0.permuted([2, 0, 1]) }
        check("rows permuted") { $0.permuted([1, 0, 2]) }
        check("transposed") { $0.transposed() }
        check("sliced") { $0.sliced(1..<3, axis: 1) }
        check("concatenated") { Tensor.concatenated([$0, $0], axis: 1) }
        check("padded") { $0.padded([(1, 0), (0, 2), (1, 1)], with: 0.5) }
        check("gathered") { $0.gathered(at: Tensor([2, 0, 2, 1] as [Int32], shape: [2, 2])) }
        check("gathered along the middle") { $0.gathered(at: Tensor([3, 0] as [Int32], shape: [2]), axis: 1) }
        check("broadcast") { $0.reshaped([3, 1, 4, 5]).broadcasted(to: [3, 2, 4, 5]) }
    }
}

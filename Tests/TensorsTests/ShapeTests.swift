import ConcordTensors
import TestSupport
import Testing

@Suite struct ShapeTests {
    @Test func reshapedSharesMemory() {
        let x = hashed("x", [2, 3, 4])
        let y = x.reshaped([-1, 6])
        #expect(y.shape == [4, 6] && y.float32Pointer == x.float32Pointer)
        #expect(
            x.flattened(1...2).shape == [2, 12] && x.flattened(0...1).shape == [6, 4]
                && x.flattened(0...2).shape == [24])
        #expect(x.expandingAxis(at: 0).shape == [1, 2, 3, 4] && x.expandingAxis(at: -1).shape == [2, 3, 4, 1])
        #expect(x.expandingAxis(at: 1).squeezingAxis(at: 1).shape == x.shape)
        #expect(Tensor(zeros: [0, 3]).reshaped([3, -1]).shape == [3, 0])
        checkGradients(of: x) { $0[0].reshaped([4, -1]).expandingAxis(at: 1).squeezingAxis(at: 1).flattened(0...1) }
    }

    /// Element by element.
    private func permuted(_ x: Tensor, _ axes: [Int]) -> [Float] {
        let shape = axes.map { x.shape[$0] }
        var strides = [Int](repeating: 1, count: x.rank)
        for axis in (0..<x.rank).dropLast().reversed() { strides[axis] = strides[axis + 1] * x.shape[axis + 1] }
        let scalars = x.scalars
        return (0..<x.count).map { flat in
            var rest = flat, offset = 0
            for place in shape.indices.reversed() {
                offset += rest % shape[place] * strides[axes[place]]
                rest /= shape[place]
            }
            return scalars[offset]
        }
    }

    @Test(arguments: [
        ([3, 5], [1, 0]), ([70, 130], [1, 0]), ([2, 65, 3], [0, 2, 1]), ([2, 3, 65], [0, 2, 1]),
        ([2, 3, 4, 5], [0, 2, 1, 3]),
        ([2, 3, 4, 5], [3, 1, 2, 0]), ([2, 3, 4, 5], [2, 3, 0, 1]), ([4, 1, 3], [1, 0, 2]),
        ([9, 8, 17, 3], [0, 3, 1, 2]),
        ([2, 0, 3], [2, 0, 1]),
    ])
    func permutedMovesEveryElement(_ shape: [Int], _ axes: [Int]) {
        let x = hashed("x", shape)
        #expect(x.permuted(axes).shape == axes.map { shape[$0] })
        #expect(x.permuted(axes).scalars == permuted(x, axes))
        let bytes = (x * 100 + 128).converted(to: .uint8)
        #expect(bytes.permuted(axes).converted(to: .float32).scalars == permuted(bytes.converted(to: .float32), axes))
        if x.count < 200 { checkGradients(of: x) { $0[0].permuted(axes) } }
    }

    @Test func permutationsThatMoveNothingShareMemory() {
        let x = hashed("x", [4, 1, 3])
        #expect(x.permuted([1, 0, 2]).float32Pointer == x.float32Pointer)
        #expect(x.transposed().shape == [4, 3, 1])
    }

    @Test func partsConcatenateToTheWhole() {
        let x = hashed("x", [3, 7, 5])
        for axis in 0..<3 {
            let size = x.shape[axis]
            let parts = x.split(into: [1, 0, size - 1], axis: axis)
            #expect(parts.map { $0.shape[axis] } == [1, 0, size - 1])
            #expect(Tensor.concatenated(parts, axis: axis).scalars == x.scalars)
            #expect(parts[2].scalars == x.sliced(1..<size, axis: axis).scalars)
        }
        let int32Pointer = Tensor((0..<6).map(Int32.init), shape: [3, 2])
        #expect(int32Pointer.sliced(1..<2, axis: -1).integerScalars == [1, 3, 5])
        #expect(
            Tensor.concatenated([int32Pointer, int32Pointer], axis: 1).integerScalars == [
                0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5,
            ])
        #expect(
            Tensor.stacked([Tensor([1] as [UInt8], shape: [1]), Tensor([2] as [UInt8], shape: [1])]).bytes == [1, 2])
    }

    @Test func partsHaveTheirGradients() {
        let x = hashed("x", [3, 6])
        checkGradients(of: x) { $0[0].sliced(2..<5, axis: 1) }
        checkGradients(of: x) { x in
            let parts = x[0].split(into: [1, 2, 3], axis: 1)
            return parts[0] * parts[2] + parts[2]  // parts[1] is not used
        }
        checkGradients(of: x) { x in  // the whole is used beside its parts
            let parts = x[0].split(into: [3, 3], axis: 1)
            return .concatenated([parts[1], x[0], parts[0]], axis: 1)
        }
        checkGradients(of: x, hashed("y", [3, 6])) { .stacked([$0[1], $0[0], $0[1]]) }
    }

    @Test func paddedHasItsMargin() {
        let x = Tensor([1, 2, 3, 4], shape: [2, 2])
        #expect(x.padded([(1, 0), (0, 2)], with: 9).scalars == [9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9])
        checkGradients(of: hashed("x", [2, 3, 2])) { $0[0].padded([(1, 0), (0, 2), (2, 1)]) }
    }
}

import CKernels

// MARK: Gather and scatter: `[outer, size, inner]` with the middle axis indexed

extension Kernels {
    /// The places of an axis that int32 indices name, any element type; the indices' shape replaces the axis.
    static func gather(_ x: Tensor, _ indices: Tensor, axis: Int) -> Tensor {
        let outer = x.shape[..<axis].reduce(1, *), inner = x.shape[(axis + 1)...].reduce(1, *), size = x.shape[axis]
        let output = Tensor(
            uninitialized: Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...]), x.elementType)
        let count = indices.count, index = indices.int32Pointer, bytes = x.elementType.size
        let from = x.storage.base, to = output.storage.base
        // A unit of work is one index of one outer place; a run of them within a place is one call.
        Parallel.run(outer * count, grain: max(1, Elementwise.grain / max(1, inner))) { range in
            var unit = range.lowerBound
            while unit < range.upperBound {
                let place = unit / count, first = unit % count, run = min(count - first, range.upperBound - unit)
                let source = from + place * size * inner * bytes, target = to + unit * inner * bytes
                if bytes == 4 {
                    concord_gather(
                        target.assumingMemoryBound(to: UInt32.self), source.assumingMemoryBound(to: UInt32.self),
                        index + first, run, inner)
                } else {
                    concord_gather_bytes(
                        target.assumingMemoryBound(to: UInt8.self), source.assumingMemoryBound(to: UInt8.self),
                        index + first, run,
                        inner * bytes)
                }
                unit += run
            }
        }
        return output
    }

    /// `gather`'s adjoint, float32: zeros with the slices of `x` added at the places that the indices name, in order.
    static func scatter(_ x: Tensor, _ indices: Tensor, axis: Int, size: Int) -> Tensor {
        let outer = x.shape[..<axis].reduce(1, *), inner = x.shape[(axis + indices.rank)...].reduce(1, *)
        let output = Tensor(zeros: Array(x.shape[..<axis]) + [size] + Array(x.shape[(axis + indices.rank)...]))
        let count = indices.count, index = indices.int32Pointer, x = x.asFloat32
        let from = x.float32Pointer, to = output.float32Pointer
        // Each thread has columns, or outer places, of its own: no two add to one element.
        let grain = max(1, Elementwise.grain / max(1, count))
        if outer > 1 {
            Parallel.run(outer, grain: max(1, grain / max(1, inner))) { range in
                for place in range {
                    concord_scatter_add(
                        to + place * size * inner, from + place * count * inner, index, count, inner, inner)
                }
            }
        } else {
            Parallel.run(inner, grain: grain) {
                concord_scatter_add(to + $0.lowerBound, from + $0.lowerBound, index, count, $0.count, inner)
            }
        }
        return output
    }

    /// Adds rows `[n, D]` in order to the rows of `sum`, `[V, D]`, that int32 indices name; both float32.
    static func scatterAdd(_ rows: Tensor, at indices: Tensor, into sum: Tensor) {
        let width = sum.shape[1], count = indices.count
        let index = indices.int32Pointer, source = rows.float32Pointer, target = sum.float32Pointer
        Parallel.run(width, grain: max(1, Elementwise.grain / max(1, count))) {
            concord_scatter_add(target + $0.lowerBound, source + $0.lowerBound, index, count, $0.count, width)
        }
    }

    /// Rows of a float32 table `[V, D]` rounded to bfloat16, `ids.shape + [D]`.
    static func gatherAsBFloat16(_ table: Tensor, _ ids: Tensor) -> Tensor {
        let width = table.shape[1], output = Tensor(uninitialized: ids.shape + [width], .bfloat16)
        let to = output.bfloat16Pointer, from = table.float32Pointer, index = ids.int32Pointer
        Parallel.run(ids.count, grain: Rows.grain(width)) { range in
            for i in range { concord_float32_to_bfloat16(to + i * width, from + Int(index[i]) * width, width) }
        }
        return output
    }

    /// Rows of zeros with a one at the place that each int32 index names, `ids.shape + [depth]`.
    static func oneHot(_ ids: Tensor, depth: Int) -> Tensor {
        let output = Tensor(uninitialized: ids.shape + [depth])
        let o = output.float32Pointer, p = ids.int32Pointer
        Parallel.run(ids.count, grain: max(1, Elementwise.grain / max(1, depth))) {
            concord_one_hot(o + $0.lowerBound * depth, p + $0.lowerBound, $0.count, depth)
        }
        return output
    }

    /// The smallest and largest of int32 elements, of which there is at least one.
    static func bounds(_ indices: Tensor) -> (smallest: Int, largest: Int) {
        var smallest: Int32 = 0, largest: Int32 = 0
        concord_int32_range(indices.int32Pointer, indices.count, &smallest, &largest)
        return (Int(smallest), Int(largest))
    }

    /// For each row of int32 indices `[..., k]` into an axis, as `takingAlong` has them, the place in all of `shape`.
    /// - Parameter indices: of that shape but for the axis.
    static func flatIndices(_ indices: Tensor, into shape: [Int], axis: Int) -> Tensor {
        let inner = shape[(axis + 1)...].reduce(1, *), taken = indices.shape[axis], size = shape[axis]
        let output = Tensor(uninitialized: [indices.count], .int32)
        let from = indices.int32Pointer, to = output.int32Pointer
        Parallel.run(indices.count, grain: Elementwise.grain / 8) { range in
            for place in range {
                to[place] = Int32((place / (taken * inner) * size + Int(from[place])) * inner + place % inner)
            }
        }
        return output
    }
}

// MARK: Copies

extension Kernels {
    /// The bytes of one tensor into another of the same size.
    static func copy(_ x: Tensor, into output: Tensor) {
        copy(output.storage.base, from: x.storage.base, bytes: output.storage.bytes)
    }

    /// In parallel.
    static func copy(_ to: UnsafeMutableRawPointer, from: UnsafeRawPointer, bytes: Int) {
        Parallel.run(bytes, grain: 4 * Elementwise.grain) {
            (to + $0.lowerBound).copyMemory(from: from + $0.lowerBound, byteCount: $0.count)
        }
    }

    /// `bytes` bytes of each of `rows` rows on this thread; strides in bytes.
    @inline(__always)
    static func copyRows(
        _ to: UnsafeMutableRawPointer, _ toStride: Int, from: UnsafeRawPointer, _ fromStride: Int, rows: Int, bytes: Int
    ) {
        concord_copy_rows(to, toStride, from, fromStride, rows, bytes)
    }

    /// `to[c * toStride + r] = from[r * fromStride + c]` for elements of `size` bytes on this thread; strides in
    /// elements.
    static func transpose(
        _ to: UnsafeMutableRawPointer, _ toStride: Int, from: UnsafeRawPointer, _ fromStride: Int, rows: Int,
        columns: Int, size: Int
    ) {
        switch size {
        case 4:
            concord_transpose(
                to.assumingMemoryBound(to: UInt32.self), toStride, from.assumingMemoryBound(to: UInt32.self),
                fromStride, rows, columns)
        case 2:
            concord_transpose_16(
                to.assumingMemoryBound(to: UInt16.self), toStride, from.assumingMemoryBound(to: UInt16.self),
                fromStride, rows, columns)
        default:
            concord_transpose_8(
                to.assumingMemoryBound(to: UInt8.self), toStride, from.assumingMemoryBound(to: UInt8.self),
                fromStride, rows, columns)
        }
    }
}

import CKernels

/// Room in the inner caches where a thread lays out blocks of bfloat16 numbers as float32 for a kernel, and from where
/// it rounds what the kernel wrote. So every kernel of float32 serves both types, at the price of two more passes over
/// what is in the cache already.
///
/// float32 memory is used where it lies, in one block.
struct Float32Staging {
    /// Elements of a block: with three of them half of the first cache and a little more.
    private static let area = 4096

    private let memory: Storage?
    private let width: Int, size: Int

    /// Runs `body` over blocks of rows.
    /// - Parameters:
    ///   - width: elements of a row.
    ///   - slots: how many different memories `body` lays out.
    ///   - isNeeded: one of them is bfloat16.
    static func run(
        _ rows: Range<Int>, width: Int, slots: Int, isNeeded: Bool,
        _ body: (_ rows: Range<Int>, _ staging: Float32Staging) -> Void
    ) {
        guard isNeeded else {
            if !rows.isEmpty { body(rows, Float32Staging(memory: nil, width: width, size: 0)) }
            return
        }
        let height = max(1, min(rows.count, area / max(1, width))), size = (height * width + 15) / 16 * 16
        let staging = Float32Staging(
            memory: Storage(bytes: slots * size * MemoryLayout<Float>.stride), width: width, size: size)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
            body(first..<min(rows.upperBound, first + height), staging)
        }
    }

    /// The rows' numbers in float32.
    func read(_ elementPointer: ElementPointer, _ rows: Range<Int>, _ slot: Int) -> UnsafeMutablePointer<Float> {
        let at = rows.lowerBound * width
        guard elementPointer.isBFloat16 else { return elementPointer.float32 + at }
        let to = room(slot)
        concord_bfloat16_to_float32(to, elementPointer.bfloat16 + at, rows.count * width)
        return to
    }

    /// Memory for the rows' numbers, for a kernel to write.
    func place(_ elementPointer: ElementPointer, _ rows: Range<Int>, _ slot: Int) -> UnsafeMutablePointer<Float> {
        elementPointer.isBFloat16 ? room(slot) : elementPointer.float32 + rows.lowerBound * width
    }

    /// What `place` gave has been written.
    func write(_ elementPointer: ElementPointer, _ rows: Range<Int>, _ slot: Int) {
        guard elementPointer.isBFloat16 else { return }
        concord_float32_to_bfloat16(elementPointer.bfloat16 + rows.lowerBound * width, room(slot), rows.count * width)
    }

    private func room(_ slot: Int) -> UnsafeMutablePointer<Float> {
        guard let memory else { ShapeCheck.fail("Float32Staging", "bfloat16 memory where none was announced") }
        return memory.float32Pointer + slot * size
    }
}

/// Scratch tiles in the inner caches: a thread converts blocks of bfloat16 numbers to float32 for a kernel, and rounds
/// what the kernel wrote. So every kernel of float32 serves both types, at the price of two more passes over
/// what is in the cache already.
///
/// float32 memory is used in place, as one block.
struct Float32Staging {
    /// Elements of a block: with three of them half of the first cache and a little more.
    private static let area = 4096

    private let memory: Storage?
    private let width: Int, size: Int

    /// Runs `body` over blocks of rows.
    /// - Parameters:
    ///   - width: elements of a row.
    ///   - slots: how many tiles `body` uses.
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
    func read(_ elements: ElementPointer, _ rows: Range<Int>, _ slot: Int) -> UnsafeMutablePointer<Float> {
        let at = rows.lowerBound * width
        guard elements.isBFloat16 else { return elements.float32 + at }
        let to = tile(slot)
        Kernels.float32(to, from: elements.bfloat16 + at, count: rows.count * width)
        return to
    }

    /// Memory for the rows' numbers, for a kernel to write.
    func place(_ elements: ElementPointer, _ rows: Range<Int>, _ slot: Int) -> UnsafeMutablePointer<Float> {
        elements.isBFloat16 ? tile(slot) : elements.float32 + rows.lowerBound * width
    }

    /// Rounds what a kernel wrote to the memory that `place` returned.
    func write(_ elements: ElementPointer, _ rows: Range<Int>, _ slot: Int) {
        guard elements.isBFloat16 else { return }
        Kernels.bfloat16(
            elements.bfloat16 + rows.lowerBound * width, from: tile(slot), count: rows.count * width)
    }

    private func tile(_ slot: Int) -> UnsafeMutablePointer<Float> {
        guard let memory else { ShapeCheck.fail("Float32Staging", "bfloat16 memory where none was announced") }
        return memory.float32Pointer + slot * size
    }
}

/// From places in UTF-8 to numbers of Unicode scalars.
struct ScalarOffsets {
    /// By byte: the number of the scalar that it belongs to; one more entry for the end.
    private var numbers: [Int32] = []

    /// - Parameter text: valid UTF-8.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        numbers.reserveCapacity(text.count + 1)
        var number: Int32 = -1
        for byte in text {
            if byte & 0xC0 != 0x80 { number += 1 }
            numbers.append(number)
        }
        numbers.append(number + 1)
    }

    /// The scalars that some bytes are of, wholly or in part; of no byte the empty range where they would be.
    func range(_ bytes: Range<Int>) -> Range<Int> {
        let first = Int(numbers[bytes.lowerBound])
        return first..<(bytes.isEmpty ? first : Int(numbers[bytes.upperBound - 1]) + 1)
    }
}

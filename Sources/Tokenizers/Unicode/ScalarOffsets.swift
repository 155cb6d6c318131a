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

/// The scalar that starts at `index` of valid UTF-8, with its length in bytes.
@inline(__always)
func scalar(in bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (value: UInt32, length: Int) {
    let lead = UInt32(bytes[index])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(bytes[index + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[index + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[index + 3] & 0x3F), 4)
}

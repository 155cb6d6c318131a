/// The word that is being collected, as UTF-8 with its number of scalars.
struct WordBuffer: ~Copyable {
    private var bytes: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    /// Number of scalars.
    private(set) var characters = 0

    init(capacity: Int = 512) {
        bytes = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit { bytes.deallocate() }

    var isEmpty: Bool { count == 0 }
    var contents: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: count) }

    mutating func removeAll() {
        count = 0
        characters = 0
    }

    @inline(__always)
    mutating func append(ascii byte: UInt8) {
        if count == capacity { grow() }
        bytes[count] = byte
        count += 1
        characters += 1
    }

    mutating func append(_ scalar: UInt32) {
        if count + 4 > capacity { grow() }
        let low = { (shift: UInt32) in UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F)) }
        switch scalar {
        case ..<0x80: put(UInt8(truncatingIfNeeded: scalar))
        case ..<0x800: put(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6), low(0))
        case ..<0x10000: put(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12), low(6), low(0))
        default: put(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18), low(12), low(6), low(0))
        }
        characters += 1
    }

    private mutating func put(_ values: UInt8...) {
        for value in values {
            bytes[count] = value
            count += 1
        }
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
        larger.update(from: bytes, count: count)
        bytes.deallocate()
        bytes = larger
        capacity *= 2
    }
}

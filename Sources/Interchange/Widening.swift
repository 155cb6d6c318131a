import ConcordTensors

/// Reads one tensor's elements from the file into memory, changing their type a chunk at a time.
struct Widening {
    let file: OpenFile
    let key: String
    /// Where the elements start in the file.
    let start: Int
    let count: Int

    /// Elements that the memory holds as the file does.
    func copy(into tensor: Tensor) throws(InterchangeError) {
        let bytes = UnsafeMutableRawBufferPointer(start: tensor.storage.base, count: tensor.storage.bytes)
        try file.read(into: bytes, at: start)
    }

    func floats<Stored: BitwiseCopyable>(
        into target: UnsafeMutablePointer<Float>, _ convert: (Stored) -> Float
    ) throws(InterchangeError) {
        try forEachChunk(of: Stored.self) { (chunk, place) throws(InterchangeError) in
            for i in 0..<chunk.count { target[place + i] = convert(chunk[i]) }
        }
    }

    func integers<Stored: FixedWidthInteger & BitwiseCopyable>(
        of type: Stored.Type, into target: UnsafeMutablePointer<Int32>
    ) throws(InterchangeError) {
        try forEachChunk(of: type) { (chunk, place) throws(InterchangeError) in
            for i in 0..<chunk.count {
                guard let value = Int32(exactly: chunk[i]) else {
                    throw .unsupportedValues(
                        path: file.path, key: key,
                        problem: "element \(place + i) is \(chunk[i]), which does not fit 32 bits; store it as F32")
                }
                target[place + i] = value
            }
        }
    }

    private func forEachChunk<Stored: BitwiseCopyable>(
        of type: Stored.Type, _ body: (UnsafeBufferPointer<Stored>, _ place: Int) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        let length = min(count, 1 << 18), width = MemoryLayout<Stored>.stride
        let buffer = UnsafeMutableBufferPointer<Stored>.allocate(capacity: max(1, length))
        defer { buffer.deallocate() }
        var place = 0
        while place < count {
            let part = UnsafeMutableBufferPointer(rebasing: buffer[0..<min(length, count - place)])
            try file.read(into: UnsafeMutableRawBufferPointer(part), at: start + place * width)
            try body(UnsafeBufferPointer(part), place)
            place += part.count
        }
    }
}

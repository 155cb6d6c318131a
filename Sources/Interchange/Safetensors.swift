import ConcordFiles
import ConcordLayers
public import ConcordTensors

/// A safetensors file, open for reading: tensors by name, each read from the disk on demand.
///
/// ```swift
/// let file = try Safetensors(path: "resnet18.safetensors")
/// let weight = try file.tensor("conv1.weight")                          // [64, 3, 7, 7]
/// ```
///
/// The header is checked in full when the file is opened: a header with false lengths, places or shapes is an
/// error, never a wrong tensor. May be used from several threads at once.
/// - Source: github.com/huggingface/safetensors, the format's text and the checks of `tensor.rs`.
public struct Safetensors: Sendable {
    /// Where the file is.
    public var path: String { file.path }
    /// The tensors' names in the order of their data.
    public let names: [String]
    /// The header's `__metadata__`.
    public let metadata: [String: String]

    private let file: OpenFile
    private let dataStart: Int
    private let entries: [String: SafetensorsHeader.Entry]

    /// - Throws: `InterchangeError` where the file cannot be read or is not whole.
    public init(path: String) throws(InterchangeError) {
        file = try OpenFile(path: path)
        guard file.size >= 8 else {
            throw .malformed(path: path, problem: "it has \(file.size) bytes, too few for a header")
        }
        let length = try file.bytes(8, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= 100_000_000, Int(length) <= file.size - 8 else {
            throw .malformed(
                path: path, problem: "its first 8 bytes announce a header of \(length) bytes, the file has \(file.size)"
            )
        }
        let bytes = try file.bytes(Int(length), at: 8)
        dataStart = 8 + bytes.count
        let header = try SafetensorsHeader(parsing: bytes, dataSize: file.size - dataStart, path: path)
        names = header.entries.map(\.name)
        metadata = header.metadata
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// Whether the file has a tensor of that name.
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// The shape of a tensor without reading it, nil where there is none of that name.
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// The element type as the file names it (`F32`, `I64`, …), nil where there is no tensor of that name.
    public func storedType(of name: String) -> String? { entries[name]?.type.rawValue }

    /// What the tensor's elements become when it is read, nil where there is none of that name or they cannot be held.
    func elementType(of name: String) -> ElementType? { entries[name]?.type.elementType }

    /// Reads a tensor: floats of any width as float32, integers as int32 if they fit, U8 and BOOL as uint8.
    /// - Throws: `InterchangeError` where there is none of that name, an integer does not fit, or the type has no place
    ///   here.
    public func tensor(_ name: String) throws(InterchangeError) -> Tensor {
        guard let entry = entries[name] else {
            throw .missingTensor(path: path, key: name, nearest: NearestName.of(name, among: names))
        }
        guard let elementType = entry.type.elementType else {
            throw .unsupportedValues(
                path: path, key: name,
                problem: "elements of type \(entry.type.rawValue) cannot be read; store them as F32")
        }
        let tensor = Tensor(uninitialized: entry.shape, elementType)
        let widening = Widening(file: file, key: name, start: dataStart + entry.range.lowerBound, count: tensor.count)
        switch entry.type {
        case .f32, .i32, .u8, .bool: try widening.copy(into: tensor)
        case .f64: try widening.floats(into: tensor.float32Pointer) { (x: Double) in Float(x) }
        case .f16: try widening.floats(into: tensor.float32Pointer) { (x: Float16) in Float(x) }
        case .bf16:
            try widening.floats(into: tensor.float32Pointer) { (x: UInt16) in Float(bitPattern: UInt32(x) << 16) }
        case .i8: try widening.integers(of: Int8.self, into: tensor.int32Pointer)
        case .i16: try widening.integers(of: Int16.self, into: tensor.int32Pointer)
        case .u16: try widening.integers(of: UInt16.self, into: tensor.int32Pointer)
        case .u32: try widening.integers(of: UInt32.self, into: tensor.int32Pointer)
        case .i64: try widening.integers(of: Int64.self, into: tensor.int32Pointer)
        case .u64: try widening.integers(of: UInt64.self, into: tensor.int32Pointer)
        case .c64, .f8e5m2fnuz, .f8e4m3fnuz, .f8e8m0, .f8e4m3, .f8e5m2, .f6e3m2, .f6e2m3, .f4: break  // refused above
        }
        return tensor
    }
}

/// A file of tensors open for reading from several threads at once; closed with its last owner.
final class OpenFile: Sendable {
    private let file: RegularFile

    var path: String { file.path }
    var size: Int { file.size }

    init(path: String) throws(InterchangeError) {
        do throws(FileError) { file = try RegularFile(reading: path) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    func bytes(_ count: Int, at offset: Int) throws(InterchangeError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(InterchangeError) in try read(into: buffer, at: offset) }
        }.get()
        return bytes
    }

    /// Fills `buffer` from `offset` on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(InterchangeError) {
        let count: Int
        do throws(FileError) { count = try file.read(into: buffer, at: offset) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        guard count == buffer.count else {
            throw .malformed(path: path, problem: "it became shorter while it was read")
        }
    }
}

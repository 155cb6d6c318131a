/// What one element of a tensor is.
public enum ElementType: UInt8, Sendable, CaseIterable {
    /// 32-bit floating point.
    case float32
    /// The upper half of a float32: activations and their cotangents under `Precision.bfloat16`.
    case bfloat16
    /// 32-bit integers.
    case int32
    /// Storage and loading only: decoded images, masks.
    case uint8

    /// Bytes an element takes.
    public var size: Int {
        switch self {
        case .float32, .int32: 4
        case .bfloat16: 2
        case .uint8: 1
        }
    }
}

import ConcordTensors

/// An element type that a safetensors file may name.
enum StoredType: String, CaseIterable {
    // In the order in which files list them: the widest alignment first, as the format's own writer does.
    case u64 = "U64"
    case i64 = "I64"
    case f64 = "F64"
    case c64 = "C64"
    case f32 = "F32"
    case u32 = "U32"
    case i32 = "I32"
    case bf16 = "BF16"
    case f16 = "F16"
    case u16 = "U16"
    case i16 = "I16"
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    case f8e8m0 = "F8_E8M0"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"
    case i8 = "I8"
    case u8 = "U8"
    case f6e3m2 = "F6_E3M2"
    case f6e2m3 = "F6_E2M3"
    case f4 = "F4"
    case bool = "BOOL"

    /// Bits an element takes in the file.
    var bits: Int {
        switch self {
        case .u64, .i64, .f64, .c64: 64
        case .f32, .u32, .i32: 32
        case .bf16, .f16, .u16, .i16: 16
        case .f8e5m2fnuz, .f8e4m3fnuz, .f8e8m0, .f8e4m3, .f8e5m2, .i8, .u8, .bool: 8
        case .f6e3m2, .f6e2m3: 6
        case .f4: 4
        }
    }

    /// What such elements become in memory, nil for those that have no place here.
    var elementType: ElementType? {
        switch self {
        case .f64, .f32, .bf16, .f16: .float32
        case .u64, .i64, .u32, .i32, .u16, .i16, .i8: .int32
        case .u8, .bool: .uint8
        case .c64, .f8e5m2fnuz, .f8e4m3fnuz, .f8e8m0, .f8e4m3, .f8e5m2, .f6e3m2, .f6e2m3, .f4: nil
        }
    }

    init(_ elementType: ElementType) {
        switch elementType {
        case .float32: self = .f32
        case .bfloat16: self = .bf16
        case .int32: self = .i32
        case .uint8: self = .u8
        }
    }
}

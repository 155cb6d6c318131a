/// Where activations are bfloat16.
enum Mixed {
    /// Whether an operation on these values gives bfloat16: under that precision, or where one of them is of it
    /// already.
    static func isIn(_ values: Tensor...) -> Bool {
        Context.current.precision == .bfloat16 || values.contains { $0.elementType == .bfloat16 }
    }
}

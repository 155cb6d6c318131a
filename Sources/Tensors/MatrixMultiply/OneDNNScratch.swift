import COneDNN

/// Runs a primitive of oneDNN with the working memory that it asked for when it was made, and stops where it fails.
/// - Parameter body: gives oneDNN's status, 0 for success.
func withScratch(of bytes: Int, in operation: String, _ body: (UnsafeMutableRawPointer?) -> Int32) {
    let scratch = bytes > 0 ? Storage(bytes: bytes) : nil
    let status = FloatMode.flushing { withExtendedLifetime(scratch) { body(scratch?.base) } }
    requireSuccess(status, in: operation, "oneDNN failed with status \(status)")
}

/// Ends where oneDNN had no memory for its kernels, and stops on any other status but success.
func requireSuccess(_ status: Int32, in operation: String, _ message: @autoclosure () -> String) {
    if status == Int32(dnnl_out_of_memory.rawValue) { OutOfMemory.fail(0, for: "kernels of \(operation)") }
    ShapeCheck.require(status == 0, operation, message())
}

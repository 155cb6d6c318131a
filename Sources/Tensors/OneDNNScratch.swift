/// Runs a primitive of oneDNN with the working memory that it asked for when it was made, and stops where it fails.
/// - Parameter body: gives oneDNN's status, 0 for success.
func withScratch(of bytes: Int, in operation: String, _ body: (UnsafeMutableRawPointer?) -> Int32) {
    let scratch = bytes > 0 ? Storage(bytes: bytes) : nil
    let status = FloatMode.flushing { withExtendedLifetime(scratch) { body(scratch?.base) } }
    ShapeCheck.require(status == 0, operation, "oneDNN failed with status \(status)")
}

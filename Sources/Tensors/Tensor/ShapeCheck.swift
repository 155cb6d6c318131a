/// Stops on a programmer's fault with the operation and the shapes in the message.
package enum ShapeCheck {
    package static func fail(_ operation: String, _ message: String) -> Never { fatalError("\(operation): \(message)") }

    package static func require(_ condition: Bool, _ operation: String, _ message: @autoclosure () -> String) {
        if !condition { fail(operation, message()) }
    }

    package static func count(_ count: Int, fills shape: [Int], in operation: String) {
        require(count == shape.reduce(1, *), operation, "\(count) elements do not fill shape \(shape)")
    }

    package static func same(_ a: Tensor, _ b: Tensor, in operation: String) {
        require(a.shape == b.shape, operation, "\(a.shape) and \(b.shape) differ")
    }

    package static func rank(_ x: Tensor, _ rank: Int, _ form: String, in operation: String) {
        require(x.rank == rank, operation, "\(form) wanted, shape is \(x.shape)")
    }

    package static func lastAxis(of x: Tensor, matches vector: Tensor, in operation: String) {
        require(
            vector.rank == 1 && x.shape.last == vector.shape[0], operation,
            "\(x.shape) with a vector \(vector.shape): last axes differ")
    }
}

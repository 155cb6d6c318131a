import ConcordFiles
import ConcordLayers
import ConcordTensors

/// One pass over the memory of many parameters, cut among the threads as if they were one long vector.
struct FusedUpdate {
    /// A run of neighbouring elements of one parameter, with what belongs to them.
    struct Piece {
        /// Which of the parameters, in the order in which they were appended.
        var index: Int
        var parameter: UnsafeMutablePointer<Float>
        /// Null where the optimizer keeps fewer.
        var moments: (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?)
        /// Null stands for zeros.
        var gradient: UnsafePointer<Float>?
        var count: Int
    }

    private struct Part {
        let parameter: Parameter
        let moments: [UnsafeMutablePointer<Float>]
        let gradient: Tensor
        /// For a table of which few rows have a gradient: width of a row, and the place of each row among `gradient`'s,
        /// -1 without one.
        let rows: (width: Int, places: [Int32])?
    }

    private var parts: [Part] = []
    /// Where each part starts in the one range of all elements, and where the last ends.
    private var starts = [0]

    /// - Parameter gradient: coalesced, if of rows.
    mutating func append(_ parameter: Parameter, gradient: Cotangent, moments: [UnsafeMutablePointer<Float>]) {
        switch gradient {
        case .dense(let tensor):
            parts.append(Part(parameter: parameter, moments: moments, gradient: tensor, rows: nil))
        case .rows(let rows):
            let (indices, values) = rows.coalesced.pieces[0]
            var places = [Int32](repeating: -1, count: rows.shape[0])
            for (place, row) in indices.integerScalars.enumerated() { places[Int(row)] = Int32(place) }
            parts.append(Part(parameter: parameter, moments: moments, gradient: values, rows: (rows.shape[1], places)))
        }
        starts.append(starts[starts.count - 1] + parameter.count)
    }

    /// Calls `kernel` for pieces that cover every element once, on several threads.
    func run(_ kernel: (Piece) -> Void) {
        exclusively(from: 0, []) { pointers in
            Parallel.run(starts[starts.count - 1], grain: 1 << 15) { range in
                var part = starts.partitioningIndex { $0 > range.lowerBound } - 1
                var first = range.lowerBound
                while first < range.upperBound {
                    let last = min(range.upperBound, starts[part + 1])
                    visit(part, pointers[part], first - starts[part]..<last - starts[part], kernel)
                    (part, first) = (part + 1, last)
                }
            }
        }
    }

    /// Holds all parameters' locks at once, so that another thread reads the values from before the step or from after
    /// it.
    private func exclusively(
        from part: Int, _ pointers: [UnsafeMutablePointer<Float>], _ body: ([UnsafeMutablePointer<Float>]) -> Void
    ) {
        guard part < parts.count else { return body(pointers) }
        parts[part].parameter.update { exclusively(from: part + 1, pointers + [$0], body) }
    }

    private func visit(
        _ index: Int, _ parameter: UnsafeMutablePointer<Float>, _ range: Range<Int>, _ kernel: (Piece) -> Void
    ) {
        let part = parts[index]
        let (first, second) = (part.moments.first, part.moments.dropFirst().first)
        let gradient = part.gradient.float32Pointer
        func call(_ range: Range<Int>, _ gradient: UnsafePointer<Float>?) {
            let at = range.lowerBound
            kernel(
                Piece(
                    index: index, parameter: parameter + at, moments: (first.map { $0 + at }, second.map { $0 + at }),
                    gradient: gradient,
                    count: range.count))
        }
        guard let (width, places) = part.rows else { return call(range, gradient + range.lowerBound) }
        var at = range.lowerBound
        while at < range.upperBound {
            let row = at / width, end = min(range.upperBound, (row + 1) * width)
            let place = Int(places[row])
            call(at..<end, place < 0 ? nil : gradient + place * width + (at - row * width))
            at = end
        }
    }
}

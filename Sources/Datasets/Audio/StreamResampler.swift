import CBridges
import CSoxr
import ConcordTensors

/// A change of rate of samples that come in chunks: together its outputs are what `Resampler.resampled` makes of the
/// whole.
final class StreamResampler {
    private let change: Resampler
    private let handle: OpaquePointer
    private var given = 0

    init(_ change: Resampler) {
        var reason: UnsafePointer<CChar>?
        guard let handle = concord_resampler_make(Double(change.from), Double(change.to), &reason) else {
            ShapeCheck.fail(
                "resampled",
                "libsoxr refuses \(change.from) to \(change.to): \(reason.map { String(cString: $0) } ?? "")")
        }
        (self.change, self.handle) = (change, handle)
    }

    deinit { soxr_delete(handle) }

    /// The output that is due after the next chunk of the input.
    func resampled(_ input: [Float]) -> [Float] {
        var output: [Float] = []
        var used = 0
        while used < input.count {
            let room = max(1024, change.count(of: input.count - used) + 64)
            var taken = 0
            let chunk = [Float](unsafeUninitializedCapacity: room) { buffer, filled in
                input.withUnsafeBufferPointer { input in
                    guard let source = input.baseAddress, let base = buffer.baseAddress else { return }
                    soxr_process(handle, source + used, input.count - used, &taken, base, room, &filled)
                }
            }
            used += taken
            output += chunk
            if taken == 0, chunk.isEmpty { break }
        }
        given += output.count
        return output
    }

    /// The rest of the output.
    /// - Parameter frames: samples of the whole input.
    func finished(after frames: Int) -> [Float] {
        let missing = change.count(of: frames) - given
        // It rounds the number of samples that are due at the end: some silence behind makes it give the last one.
        var output = resampled([Float](repeating: 0, count: (change.from + change.to - 1) / change.to + 1))
        while output.count < missing {
            let room = missing - output.count
            let chunk = [Float](unsafeUninitializedCapacity: room) { buffer, filled in
                soxr_process(handle, nil, 0, nil, buffer.baseAddress, room, &filled)
            }
            if chunk.isEmpty { break }
            output += chunk
        }
        if output.count < missing { output += [Float](repeating: 0, count: missing - output.count) }
        return Array(output.prefix(max(0, missing)))
    }
}

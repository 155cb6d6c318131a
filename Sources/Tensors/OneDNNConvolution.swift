import CBridges
import Synchronization

/// One convolution primitive of oneDNN, made for one geometry, pass and number of threads; safe to run from several threads at once.
final class OneDNNConvolution: @unchecked Sendable {
    enum Pass: Hashable { case forward, backwardData, backwardWeights }

    private struct Key: Hashable {
        let geometry: ConvolutionGeometry
        let pass: Pass
        let hasBias: Bool
        /// A primitive's work is cut when it is made.
        let threads: Int
    }

    private static let cache = Mutex(LeastRecentlyUsed<Key, OneDNNConvolution>(capacity: 1024))

    /// The primitive for this geometry on the calling thread, made at its first use.
    static func cached(_ geometry: ConvolutionGeometry, _ pass: Pass, hasBias: Bool) -> OneDNNConvolution {
        let threads = Threads.claim() ? Threads.count : 1
        let key = Key(geometry: geometry, pass: pass, hasBias: hasBias, threads: threads)
        if let known = cache.withLock({ $0[key] }) { return known }
        let made = OneDNNConvolution(geometry, pass, hasBias: hasBias)
        cache.withLock { $0[key] = made }
        return made
    }

    private let handle: OpaquePointer
    private let scratchBytes: Int
    /// Bytes of the weights in this primitive's layout; 0 where it takes them as they are.
    let packedBytes: Int

    private init(_ g: ConvolutionGeometry, _ pass: Pass, hasBias: Bool) {
        let passes: [Pass: concord_convolution_pass] = [
            .forward: concord_convolution_forward, .backwardData: concord_convolution_backward_data,
            .backwardWeights: concord_convolution_backward_weights,
        ]
        var form = concord_convolution_form(
            pass: passes[pass] ?? concord_convolution_forward, is_bfloat16: false, has_bias: hasBias, batch: Int64(g.batch),
            groups: Int64(g.groups), channels: Int64(g.channels), height: Int64(g.height), width: Int64(g.width), filters: Int64(g.filters),
            out_height: Int64(g.outHeight), out_width: Int64(g.outWidth), kernel_height: Int64(g.kernel.height),
            kernel_width: Int64(g.kernel.width), stride_height: Int64(g.stride.height), stride_width: Int64(g.stride.width),
            padding_height: Int64(g.padding.height), padding_width: Int64(g.padding.width), dilation_height: Int64(g.dilation.height),
            dilation_width: Int64(g.dilation.width))
        var made: OpaquePointer?
        let status = concord_convolution_make(&made, &form)
        guard status == 0, let made else { ShapeCheck.fail("convolution", "oneDNN refused \(pass) of \(g): status \(status)") }
        handle = made
        scratchBytes = concord_convolution_scratch_bytes(made)
        packedBytes = concord_convolution_packed_bytes(made)
    }

    deinit { concord_convolution_destroy(handle) }

    /// The weights in this primitive's layout: packed once for each version of them.
    func packed(_ weight: Tensor) -> Storage {
        guard packedBytes > 0 else { return weight.storage }
        return PackedWeights.shared(weight, .oneDNN(self)) {
            let packed = Storage(bytes: packedBytes)
            withScratch { scratch in concord_convolution_pack(handle, weight.storage.base, packed.base, scratch) }
            return packed
        }
    }

    func unpack(_ packed: Storage, into plain: Storage) {
        withScratch { scratch in concord_convolution_unpack(handle, packed.base, plain.base, scratch) }
    }

    func run(input: Storage, weights: Storage, bias: Storage?, output: Storage) {
        withScratch { scratch in concord_convolution_run(handle, input.base, weights.base, bias?.base, output.base, scratch) }
    }

    private func withScratch(_ body: (UnsafeMutableRawPointer?) -> Int32) {
        let scratch = scratchBytes > 0 ? Storage(bytes: scratchBytes) : nil
        let status = FloatMode.flushing { withExtendedLifetime(scratch) { body(scratch?.base) } }
        ShapeCheck.require(status == 0, "convolution", "oneDNN failed with status \(status)")
    }
}

extension OneDNNConvolution: Hashable {
    static func == (a: OneDNNConvolution, b: OneDNNConvolution) -> Bool { a === b }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

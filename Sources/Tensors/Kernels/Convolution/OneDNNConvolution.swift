import CBridges
import COneDNN
import Synchronization

import CBridges
import COneDNN
import Synchronization

/// oneDNN's direct convolution, which takes every geometry but those of `StridedPointwiseConvolution`, which says why.
struct DirectConvolution: ForwardConvolution, InputGradientConvolution, WeightGradientConvolution {
    private let problem: ConvolutionProblem
    private let primitive: OneDNNConvolution

    init?(_ problem: ConvolutionProblem) {
        guard !problem.geometry.isStridedPointwise, let primitive = OneDNNConvolution.direct(problem) else {
            return nil
        }
        self.problem = problem
        self.primitive = primitive
    }

    static func isFaster(_ problem: ConvolutionProblem) -> Bool { true }

    func forward(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?, into output: Tensor) {
        let packed = primitive.packed(weight)
        if primitive.isFused { problem.epilogue?.prepare(output) }
        primitive.run(input: input.storage.base, weights: packed, bias: bias?.storage, output: output.storage.base)
        if !primitive.isFused { problem.epilogue?.finish(output, bias: nil) }
    }

    func inputGradient(_ upstream: Tensor, _ weight: Tensor, shape: [Int]) -> Tensor {
        let gradient = Tensor(uninitialized: shape, upstream.elementType)
        let packed = primitive.packed(weight)
        primitive.run(input: gradient.storage.base, weights: packed, bias: nil, output: upstream.storage.base)
        return gradient
    }

    func weightGradient(_ input: Tensor, _ upstream: Tensor, shape: [Int]) -> (weight: Tensor, bias: Tensor?) {
        let gradient = primitive.emptyGradient(shape: shape)
        let bias = problem.hasBias ? Tensor(uninitialized: [problem.geometry.filters]) : nil
        primitive.run(
            input: input.storage.base, weights: gradient.storage, bias: bias?.storage, output: upstream.storage.base)
        return (primitive.unpacked(gradient, as: shape), bias)
    }
}

/// One convolution primitive of oneDNN, made for one geometry, pass and number of threads; safe to run from several
/// threads at once.
final class OneDNNConvolution: @unchecked Sendable {
    private struct Key: Hashable {
        let geometry: ConvolutionGeometry
        let pass: ConvolutionPass
        let hasBias: Bool
        /// Activations are bfloat16.
        let isBFloat16: Bool
        var adds = false, rectifies = false, isInference = false, isWinograd = false
        /// A primitive's work is divided when it is made.
        let threads: Int
    }

    /// Nil for what oneDNN refused.
    private static let cache = Mutex(LeastRecentlyUsed<Key, OneDNNConvolution?>(capacity: 1024))

    /// The direct convolution's primitive on the calling thread, made at its first use; nil where oneDNN refuses.
    static func direct(_ problem: ConvolutionProblem) -> OneDNNConvolution? {
        let epilogue = problem.epilogue
        return cached(
            Key(
                geometry: problem.geometry, pass: problem.pass, hasBias: problem.hasBias,
                isBFloat16: problem.isBFloat16, adds: epilogue?.residual != nil,
                rectifies: epilogue?.rectifies ?? false, isInference: epilogue != nil,
                threads: Threads.forLibrary(dividingSums: problem.pass == .weightGradient)))
    }

    /// Winograd's, on float32 activations; nil where this oneDNN or processor has no kernels for it.
    static func winograd(_ problem: ConvolutionProblem) -> OneDNNConvolution? {
        cached(
            Key(
                geometry: problem.geometry, pass: problem.pass, hasBias: problem.hasBias && problem.pass == .forward,
                isBFloat16: false, isWinograd: true,
                threads: Threads.forLibrary(dividingSums: problem.pass == .weightGradient)))
    }

    private static func cached(_ key: Key) -> OneDNNConvolution? {
        if let known = cache.withLock({ $0[key] }) { return known }
        let made = OneDNNConvolution(key)
        cache.withLock { $0[key] = .some(made) }
        return made
    }

    private let handle: OpaquePointer
    /// What the primitive was made for, and must run with.
    private let threads: Int
    private let scratchBytes: Int
    /// oneDNN's weights' gradients in bfloat16 (2.6 and 3.2, `jit_bf16`) take from it, unwritten, what belongs to taps
    /// that meet nothing but padding.
    private let clearsScratch: Bool
    /// Bytes of the weights in this primitive's layout; 0 where it takes them as they are.
    let packedBytes: Int
    /// Whether it computes its epilogue.
    let isFused: Bool

    private init?(_ key: Key) {
        let g = key.geometry
        let pass =
            switch key.pass {
            case .forward: concord_convolution_forward
            case .inputGradient: concord_convolution_backward_data
            case .weightGradient: concord_convolution_backward_weights
            }
        var form = concord_convolution_form(
            pass: pass, is_bfloat16: key.isBFloat16, has_bias: key.hasBias,
            is_winograd: key.isWinograd, is_inference: key.isInference, adds: key.adds, rectifies: key.rectifies,
            batch: Int64(g.batch),
            groups: Int64(g.groups), channels: Int64(g.channels), height: Int64(g.height), width: Int64(g.width),
            filters: Int64(g.filters),
            out_height: Int64(g.outHeight), out_width: Int64(g.outWidth), kernel_height: Int64(g.kernel.height),
            kernel_width: Int64(g.kernel.width), stride_height: Int64(g.stride.height),
            stride_width: Int64(g.stride.width),
            padding_height: Int64(g.padding.height), padding_width: Int64(g.padding.width),
            dilation_height: Int64(g.dilation.height),
            dilation_width: Int64(g.dilation.width))
        var made: OpaquePointer?
        var status = concord_convolution_make(&made, &form), isFused = true
        if key.adds || key.rectifies, !(made.map(Self.isCompiled) ?? false) {
            // Fast kernels that cannot fuse are better than slow ones that can.
            concord_convolution_destroy(made)
            (form.adds, form.rectifies, isFused) = (false, false, false)
            status = concord_convolution_make(&made, &form)
        }
        if status == Int32(dnnl_out_of_memory.rawValue) { OutOfMemory.fail(0, for: "kernels of a convolution") }
        guard status == 0, let made else { return nil }
        (handle, threads, self.isFused) = (made, key.threads, isFused)
        clearsScratch = key.isBFloat16 && key.pass == .weightGradient && g.isSmallerThanKernel
        scratchBytes = concord_convolution_scratch_bytes(made)
        packedBytes = concord_convolution_packed_bytes(made)
    }

    /// Whether oneDNN generates code for it; its reference kernels are plain loops.
    private static func isCompiled(_ made: OpaquePointer) -> Bool {
        let name = String(cString: concord_convolution_kernels(made))
        return name.hasPrefix("jit") || name.hasPrefix("brg")
    }

    deinit { concord_convolution_destroy(handle) }

    /// The weights in this primitive's layout: see `PackedWeights`.
    func packed(_ weight: Tensor) -> Storage {
        guard packedBytes > 0 else { return weight.storage }
        return PackedWeights.shared(weight, .oneDNN(self)) {
            let packed = Storage(bytes: packedBytes)
            withScratch(of: scratchBytes, threads: threads, in: "convolution") {
                concord_convolution_pack(handle, weight.storage.base, packed.base, $0)
            }
            return packed
        }
    }

    /// An empty tensor for the weights' gradient in this primitive's layout.
    func emptyGradient(shape: [Int]) -> Tensor { Tensor(uninitialized: packedBytes > 0 ? [packedBytes / 4] : shape) }

    /// The weights' gradient out of this primitive's layout.
    func unpacked(_ gradient: Tensor, as shape: [Int]) -> Tensor {
        guard packedBytes > 0 else { return gradient }
        let plain = Tensor(uninitialized: shape)
        withScratch(of: scratchBytes, threads: threads, in: "convolution") {
            concord_convolution_unpack(handle, gradient.storage.base, plain.storage.base, $0)
        }
        return plain
    }

    /// - Parameters: input, output: the first elements of the activations.
    func run(input: UnsafeMutableRawPointer, weights: Storage, bias: Storage?, output: UnsafeMutableRawPointer) {
        withScratch(of: scratchBytes, threads: threads, in: "convolution") { scratch in
            if clearsScratch { scratch?.initializeMemory(as: UInt8.self, repeating: 0, count: scratchBytes) }
            return concord_convolution_run(handle, input, weights.base, bias?.base, output, scratch)
        }
    }
}

extension OneDNNConvolution: Hashable {
    static func == (a: OneDNNConvolution, b: OneDNNConvolution) -> Bool { a === b }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

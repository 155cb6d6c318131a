import CBridges
import COneDNN
import Synchronization

/// One matmul primitive of oneDNN, made for its sizes and a number of threads; safe to run from several threads at
/// once.
final class OneDNNMatmul: @unchecked Sendable {
    /// `[m, k]` by `[k, n]`, as they are stored or transposed.
    struct Form: Hashable {
        var m: Int, n: Int, k: Int
        /// The factors are bfloat16.
        var isBFloat16: Bool
        var transposesA = false, transposesB = false
        /// b comes from `packed`.
        var packsB = false
        var hasBias = false
        /// The result is float32 whatever the factors are.
        var outputsFloat32 = false
    }

    private struct Key: Hashable {
        let form: Form
        let threads: Int
    }

    private struct Cache {
        var products = LeastRecentlyUsed<Key, OneDNNMatmul>(capacity: 1024)
        /// One primitive for every packed layout, so that other numbers of rows need no other copy of a weight.
        var packers: [OneDNNMatmul] = []
    }

    private static let cache = Mutex(Cache())

    static func cached(_ form: Form) -> OneDNNMatmul {
        let divides = GEMM.mayDivideSums(form.m, form.n, form.k, transposeA: form.transposesA)
        let key = Key(form: form, threads: Threads.forLibrary(dividingSums: divides))
        if let known = cache.withLock({ $0.products[key] }) { return known }
        let made = OneDNNMatmul(form, threads: key.threads)
        cache.withLock { cache in
            cache.products[key] = made
            guard form.packsB else { return }
            if let packer = cache.packers.first(where: { concord_matmul_packs_alike($0.handle, made.handle) }) {
                made.packer = packer
            } else {
                cache.packers.append(made)
            }
        }
        return made
    }

    private let handle: OpaquePointer
    /// What the primitive was made for, and must run with.
    private let threads: Int
    private let scratchBytes: Int
    /// The one whose packed weights this one takes too; set before anyone else sees it.
    private var packer: OneDNNMatmul?

    private init(_ form: Form, threads: Int) {
        self.threads = threads
        var wanted = concord_matmul_form(
            m: Int64(form.m), n: Int64(form.n), k: Int64(form.k), is_bfloat16: form.isBFloat16,
            transposes_a: form.transposesA,
            transposes_b: form.transposesB, packs_b: form.packsB, has_bias: form.hasBias,
            is_float32_output: form.outputsFloat32)
        var made: OpaquePointer?
        let status = concord_matmul_make(&made, &wanted)
        requireSuccess(status, in: "matmul", "oneDNN refused \(form): status \(status)")
        guard let made else { ShapeCheck.fail("matmul", "oneDNN returned no primitive for \(form)") }
        handle = made
        scratchBytes = concord_matmul_scratch_bytes(made)
    }

    deinit { concord_matmul_destroy(handle) }

    /// A float32 matrix in this primitive's layout: see `PackedWeights`.
    func packed(_ weight: Tensor) -> Storage {
        PackedWeights.shared(weight, .matmul(packer ?? self)) { packed(weight.float32Pointer) }
    }

    /// The same of any dense matrix, not kept.
    func packed(_ matrix: UnsafePointer<Float>) -> Storage {
        let packed = Storage(bytes: concord_matmul_packed_bytes(handle))
        withScratch(of: scratchBytes, threads: threads, in: "matmul") {
            concord_matmul_pack(handle, matrix, packed.base, $0)
        }
        return packed
    }

    func run(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, bias: UnsafePointer<Float>?, into c: UnsafeMutableRawPointer)
    {
        withScratch(of: scratchBytes, threads: threads, in: "matmul") {
            concord_matmul_run(handle, a, b, bias, c, $0)
        }
    }
}

extension OneDNNMatmul: Hashable {
    static func == (a: OneDNNMatmul, b: OneDNNMatmul) -> Bool { a === b }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

// MARK: Calls of oneDNN

/// Runs a primitive of oneDNN with the working memory that it asked for when it was made, on as many threads as it was
/// made for, and stops where it fails.
/// - Parameter body: returns oneDNN's status, 0 for success.
func withScratch(of bytes: Int, threads: Int, in operation: String, _ body: (UnsafeMutableRawPointer?) -> Int32) {
    let scratch = bytes > 0 ? Storage(bytes: bytes) : nil
    Threads.use(threads)
    let status = FloatMode.flushing { withExtendedLifetime(scratch) { body(scratch?.base) } }
    requireSuccess(status, in: operation, "oneDNN failed with status \(status)")
}

/// Ends where oneDNN had no memory for its kernels, and stops on any other status but success.
func requireSuccess(_ status: Int32, in operation: String, _ message: @autoclosure () -> String) {
    if status == Int32(dnnl_out_of_memory.rawValue) { OutOfMemory.fail(0, for: "kernels of \(operation)") }
    ShapeCheck.require(status == 0, operation, message())
}

import CBridges
import Synchronization

/// One product primitive of oneDNN, made for its sizes and a number of threads; safe to run from several threads at
/// once.
final class OneDNNProduct: @unchecked Sendable {
    /// `[m, k]` by `[k, n]`, as they lie or transposed.
    struct Form: Hashable {
        var m: Int, n: Int, k: Int
        /// The factors are bfloat16.
        var isNarrow: Bool
        var transposesA = false, transposesB = false
        /// b comes from `packed`.
        var packsB = false
        var hasBias = false
        /// The result is float32 whatever the factors are.
        var isWide = false
    }

    private struct Key: Hashable {
        let form: Form
        let threads: Int
    }

    private struct Cache {
        var products = LeastRecentlyUsed<Key, OneDNNProduct>(capacity: 1024)
        /// One product for every way of packing, so that other numbers of rows need no other copy of a weight.
        var packers: [OneDNNProduct] = []
    }

    private static let cache = Mutex(Cache())

    static func cached(_ form: Form) -> OneDNNProduct {
        let key = Key(form: form, threads: Threads.claim() ? Threads.count : 1)
        if let known = cache.withLock({ $0.products[key] }) { return known }
        let made = OneDNNProduct(form)
        cache.withLock { cache in
            cache.products[key] = made
            guard form.packsB else { return }
            if let packer = cache.packers.first(where: { concord_product_packs_alike($0.handle, made.handle) }) {
                made.packer = packer
            } else {
                cache.packers.append(made)
            }
        }
        return made
    }

    private let handle: OpaquePointer
    private let scratchBytes: Int
    /// The one whose packed weights this one takes too; set before anyone else sees it.
    private var packer: OneDNNProduct?

    private init(_ form: Form) {
        var wanted = concord_product_form(
            m: Int64(form.m), n: Int64(form.n), k: Int64(form.k), is_bfloat16: form.isNarrow,
            transposes_a: form.transposesA,
            transposes_b: form.transposesB, packs_b: form.packsB, has_bias: form.hasBias, is_wide: form.isWide)
        var made: OpaquePointer?
        let status = concord_product_make(&made, &wanted)
        requireSuccess(status, in: "matmul", "oneDNN refused \(form): status \(status)")
        guard let made else { ShapeCheck.fail("matmul", "oneDNN made nothing of \(form)") }
        handle = made
        scratchBytes = concord_product_scratch_bytes(made)
    }

    deinit { concord_product_destroy(handle) }

    /// A float32 matrix in this primitive's layout: see `PackedWeights`.
    func packed(_ weight: Tensor) -> Storage {
        PackedWeights.shared(weight, .product(packer ?? self)) { packed(weight.floats) }
    }

    /// The same of any dense matrix, not kept.
    func packed(_ matrix: UnsafePointer<Float>) -> Storage {
        let packed = Storage(bytes: concord_product_packed_bytes(handle))
        withScratch(of: scratchBytes, in: "matmul") { concord_product_pack(handle, matrix, packed.base, $0) }
        return packed
    }

    func run(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, bias: UnsafePointer<Float>?, into c: UnsafeMutableRawPointer)
    {
        withScratch(of: scratchBytes, in: "matmul") { concord_product_run(handle, a, b, bias, c, $0) }
    }
}

extension OneDNNProduct: Hashable {
    static func == (a: OneDNNProduct, b: OneDNNProduct) -> Bool { a === b }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

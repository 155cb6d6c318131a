import CBridges
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The one thread pool of the process (libgomp's) and the policy over it.
///
/// libgomp makes a pool for every thread that opens a parallel region, so only one thread may: the first that computes
/// claims the pool and keeps it until it ends. Every other thread computes serially, but for sums that oneDNN divides
/// among its threads (`forLibrary(dividingSums:)`), with the same bits: a run's numbers do not depend on what else
/// its process computes.
public enum Threads {
    /// How many threads a parallel loop uses: set by hand, or OMP_NUM_THREADS, or what the cgroup and the affinity mask
    /// allow; clamped to `1 ... limit`.
    public static var count: Int {
        get { policy.load(ordering: .relaxed) }
        set {
            let count = min(max(1, newValue), limit)
            policy.store(count, ordering: .relaxed)
            if owner.load(ordering: .relaxed) == me { omp_set_num_threads(Int32(count)) }
        }
    }

    /// More threads than this are of no use, and many more cannot be made: four for each processor of the machine, and
    /// 64.
    public static let limit = max(64, 4 * Int(sysconf(Int32(_SC_NPROCESSORS_CONF))))

    private static let policy = Atomic<Int>(available())
    private static let owner = Atomic<UInt>(0)
    private static var me: UInt { UInt(pthread_self()) }

    /// Whether this thread may open parallel regions; claims the right if nobody has it.
    ///
    /// Never inside of a parallel loop, nor on a thread that is marked as inside of one, as loaders' are.
    package static func claim() -> Bool {
        if Context.current.isInRegion { return false }
        let me = me
        let current = owner.load(ordering: .relaxed)
        if current == me { return true }
        if current == 0, owner.compareExchange(expected: 0, desired: me, ordering: .acquiringAndReleasing).exchanged {
            omp_set_num_threads(Int32(count))
            return true
        }
        return false
    }

    /// How many threads oneDNN, which opens regions by itself, divides its next work on this thread among: what libgomp
    /// is told to use for it, read once, since another thread may set ``count`` at any time.
    ///
    /// - Parameter dividingSums: whether it divides a long sum, as the gradients of weights over all samples, so that
    ///   the number of threads decides the last bits. It is ``count`` then also on a thread that has not the pool, for
    ///   which libgomp makes one more.
    static func forLibrary(dividingSums: Bool = false) -> Int {
        let isInside = Context.current.isInRegion || omp_in_parallel() != 0
        let threads = !isInside && (claim() || dividingSums) ? count : 1
        use(threads)
        return threads
    }

    /// Has regions that libraries open on this thread use so many threads.
    static func use(_ threads: Int) { omp_set_num_threads(Int32(threads)) }

    /// Gives the pool up when the thread that holds it ends.
    static func release() { _ = owner.compareExchange(expected: me, desired: 0, ordering: .acquiringAndReleasing) }

    /// Processors that this process may use.
    static func available() -> Int {
        if let text = getenv("OMP_NUM_THREADS"), let count = Int(String(cString: text)), count > 0 {
            return min(count, limit)
        }
        var count = Int(concord_affinity_count())
        if let quota = cgroupQuota() { count = min(count, max(1, quota)) }
        return max(1, count)
    }

    private static func cgroupQuota() -> Int? {
        guard let file = fopen("/sys/fs/cgroup/cpu.max", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 64)
        guard fgets(&buffer, 64, file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        return fields.count == 2 ? Int((fields[0] / fields[1]).rounded(.up)) : nil
    }
}

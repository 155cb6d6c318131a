import Concord

#if canImport(Glibc)
    import Glibc
#endif

/// How fast memory is read and written by all threads, in bytes a second.
enum Bandwidth {
    /// The fastest of some copies of more than any cache holds; what is read and what is written both count.
    static func measured() -> Double {
        let bytes = 512 << 20, source = Tensor(ones: [bytes / 4]), target = Tensor(ones: [bytes / 4])
        let from = source.float32Pointer, to = target.float32Pointer
        let timing = Timing.of(repeats: 5) {
            Parallel.run(bytes / 4, grain: 1 << 20) { range in
                memcpy(to + range.lowerBound, from + range.lowerBound, range.count * 4)
            }
        }
        return 2 * Double(bytes) / timing.minimum
    }
}

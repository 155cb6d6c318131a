#if canImport(Glibc)
    import Glibc
#endif

/// The most that this process has held in memory, as the kernel counts it.
enum PeakMemory {
    static var mebibytes: Double {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}

#if canImport(Glibc)
    import Glibc
#endif

/// How long libgomp's threads spin when they wait for others.
enum ShortWaits {
    /// Starts the process again, once, with short waits; for the first line of a program.
    ///
    /// libgomp's threads spin for milliseconds at the end of every parallel loop. Where other processes want the same
    /// processors they spin in the time of the thread that they wait for: training a small model beside four busy
    /// processes on 2 cores took 15 to 23 s, with short waits 2.0 to 2.6 s, and alone 10.4 s either way (a larger one).
    /// libgomp reads GOMP_SPINCOUNT before a program's first line, so only starting again sets it; `concord` does the
    /// same in `CStartup`, before its libraries' constructors. An environment that has that variable or OMP_WAIT_POLICY
    /// stays as it is.
    static func restart() {
        guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
        setenv("GOMP_SPINCOUNT", "2000", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)  // returns only where it cannot: then waits are long
    }
}

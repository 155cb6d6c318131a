import CBridges
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A plain thread that loads: it computes serially, takes no signals, and is waited for at the end.
final class LoaderThread {
    private final class Body {
        let run: @Sendable () -> Void
        /// Of the thread that starts this one.
        let kernels = Context.kernels
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var thread = pthread_t()

    /// Nil where the system gives no more threads.
    init?(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        // A signal that interrupts a read would make a good file look bad, so signals go to the other threads.
        var signals = sigset_t(), before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, SIGWINCH] {
            sigaddset(&signals, signal)
        }
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        let status = pthread_create(&thread, nil, runLoader, body.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        guard status == 0 else {
            body.release()
            return nil
        }
    }

    func join() { pthread_join(thread, nil) }

    fileprivate static func start(_ raw: UnsafeMutableRawPointer) {
        let body = Unmanaged<Body>.fromOpaque(raw).takeRetainedValue()
        concord_name_thread("concord-loader")
        Context.current.isInRegion = true  // our parallel loops run serially here
        omp_set_num_threads(1)  // and so do the libraries'
        Context.with(body.kernels) { body.run() }
    }
}

/// A C function, so that no actor's isolation is checked on the new thread.
private let runLoader: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
    if let raw { LoaderThread.start(raw) }
    return nil
}

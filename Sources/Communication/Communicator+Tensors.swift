import CBridges
public import ConcordTensors

/// Tensors that ranks exchange. Each call has a form that returns at once, for computing meanwhile.
extension Communicator {
    /// The rows of all ranks behind each other, in the order of ranks.
    /// - Parameters:
    ///   - x: `[n, ...]`; ranks may differ in n alone.
    ///   - rows: each rank's n; nil: they are asked for.
    /// - Returns: `[N, ...]`, a constant.
    public func gather(_ x: Tensor, rows: [Int]? = nil) -> Tensor { startGather(x, rows: rows).wait() }

    /// As `gather(_:rows:)`, returning at once.
    public func startGather(_ x: Tensor, rows: [Int]? = nil) -> PendingTensor {
        guard !isAlone else { return PendingTensor(x.detached) }
        let rows = rows ?? gather(x.shape[0])
        ShapeCheck.require(
            rows.count == count && rows[rank] == x.shape[0], "gather", "\(x.shape) of rank \(rank), rows \(rows)")
        let all = Tensor(uninitialized: [rows.reduce(0, +)] + x.shape.dropFirst(), x.elementType)
        var request: OpaquePointer?
        let width = x.shape.dropFirst().reduce(x.elementType.size, *)
        check(concord_mpi_start_all_gather(&request, x.bytes, all.bytes, rows, width), "MPI_Iallgatherv")
        return PendingTensor(all, keeping: x, request, self)
    }

    /// The sum over ranks of `[N, ...]`, of which each rank gets its own rows.
    /// - Parameters:
    ///   - x: float32 `[N, ...]`, of one shape on all ranks.
    ///   - rows: how many rows each rank gets; they add up to N.
    /// - Returns: `[rows[rank], ...]`, a constant.
    public func sumScattered(_ x: Tensor, rows: [Int]) -> Tensor { startSumScattered(x, rows: rows).wait() }

    /// As `sumScattered(_:rows:)`, returning at once.
    public func startSumScattered(_ x: Tensor, rows: [Int]) -> PendingTensor {
        guard !isAlone else { return PendingTensor(x.detached) }
        ShapeCheck.require(
            rows.count == count && rows.reduce(0, +) == x.shape[0], "sumScattered", "\(x.shape) over rows \(rows)")
        let own = Tensor(uninitialized: [rows[rank]] + x.shape.dropFirst())
        let width = x.shape.dropFirst().reduce(1, *)
        var request: OpaquePointer?
        let counts = rows.map { $0 * width }
        check(
            concord_mpi_start_reduce_scatter(&request, x.float32Pointer, own.float32Pointer, counts),
            "MPI_Ireduce_scatter")
        return PendingTensor(own, keeping: x, request, self)
    }

    /// The sum over ranks.
    /// - Parameter x: float32, of one shape on all ranks. Where nobody else holds its memory the sum is made there.
    public func sum(_ x: consuming Tensor) -> Tensor {
        guard !isAlone else { return x }
        var sum = x
        sum.makeUnique()
        sum.storage.touch()
        check(concord_mpi_all_reduce(sum.float32Pointer, sum.count, false), "MPI_Allreduce")
        return sum
    }

    /// As `sum(_:)`, returning at once, in further memory. All ranks start sums in the same order; among other calls
    /// their places may differ.
    public func startSum(_ x: consuming Tensor) -> PendingTensor {
        guard !isAlone else { return PendingTensor(x) }
        let own = x.detached, other = Tensor(uninitialized: own.shape)
        var request: OpaquePointer?
        guard count > 2 else {  // whole messages both ways at once: half of what a tree of two takes
            check(
                concord_mpi_start_swap(&request, own.float32Pointer, other.float32Pointer, own.count), "MPI_Isend")
            return PendingTensor(other, keeping: own, request, self) { $0 + own }
        }
        check(
            concord_mpi_start_all_reduce(&request, own.float32Pointer, other.float32Pointer, own.count),
            "MPI_Iallreduce")
        return PendingTensor(other, keeping: own, request, self)
    }

    /// One rank's tensor on all of them.
    /// - Parameter x: of the rank `root`; of the others, of the same shape and element type.
    public func broadcast(_ x: Tensor, from root: Int = 0) -> Tensor { startBroadcast(x, from: root).wait() }

    /// As `broadcast(_:from:)`, returning at once.
    public func startBroadcast(_ x: Tensor, from root: Int = 0) -> PendingTensor {
        guard !isAlone else { return PendingTensor(x.detached) }
        var copy = x.detached
        copy.makeUnique()
        copy.storage.touch()
        var request: OpaquePointer?
        check(
            concord_mpi_start_broadcast(&request, copy.bytes, copy.count * copy.elementType.size, Int32(root)),
            "MPI_Ibcast")
        return PendingTensor(copy, keeping: nil, request, self)
    }

    /// Sends a tensor to one rank while another's comes in: the step of a ring.
    /// - Parameters:
    ///   - x: float32.
    ///   - shape: of what comes in.
    /// - Returns: what comes in, at once.
    public func startExchange(_ x: Tensor, to: Int, from: Int, shape: [Int]) -> PendingTensor {
        guard !isAlone else { return PendingTensor(x.detached) }
        let incoming = Tensor(uninitialized: shape)
        var request: OpaquePointer?
        check(
            concord_mpi_start_exchange(
                &request, x.float32Pointer, x.count, Int32(to), incoming.float32Pointer, incoming.count,
                Int32(from)),
            "MPI_Isend")
        return PendingTensor(incoming, keeping: x, request, self)
    }
}

/// A tensor that other ranks are still working on.
public final class PendingTensor {
    private var value: Tensor
    private var finish: ((Tensor) -> Tensor)?
    private var kept: Tensor?
    private var request: OpaquePointer?
    private let communicator: Communicator

    init(_ value: Tensor) { (self.value, communicator) = (value, .single) }

    /// - Parameter finish: from what came to the result.
    init(
        _ value: Tensor, keeping kept: Tensor?, _ request: OpaquePointer?, _ communicator: Communicator,
        finish: ((Tensor) -> Tensor)? = nil
    ) {
        (self.value, self.kept, self.request, self.communicator) = (value, kept, request, communicator)
        self.finish = finish
    }

    /// The tensor, waiting for it.
    public func wait() -> Tensor {
        if let request { communicator.check(concord_mpi_wait(request), "MPI_Wait") }
        (request, kept) = (nil, nil)
        if let finish { value = finish(value) }
        finish = nil
        return value
    }

    /// Lets the communication go on; whether it is done. MPI moves data while it is called: long computations call
    /// this now and then.
    @discardableResult
    public func progress() -> Bool {
        guard let request else { return true }
        var isDone = false
        communicator.check(concord_mpi_test(request, &isDone), "MPI_Test")
        return isDone
    }

    deinit {
        // Memory that MPI still writes to must not be given away.
        if let request { _ = concord_mpi_wait(request) }
    }
}

extension Tensor {
    fileprivate var bytes: UnsafeMutableRawPointer { storage.base }
}

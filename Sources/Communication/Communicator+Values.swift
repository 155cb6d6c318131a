import CBridges

/// A few numbers and bytes that ranks agree on; blocking.
extension Communicator {
    /// The sums over ranks, element by element, in double precision.
    /// - Parameter values: as many on every rank.
    public func sum(_ values: [Double]) -> [Double] {
        guard !isAlone, !values.isEmpty else { return values }
        var values = values
        check(concord_mpi_all_reduce(&values, values.count, true), "MPI_Allreduce")
        return values
    }

    /// The largest over ranks, element by element.
    /// - Parameter values: as many on every rank, none of them not a number.
    public func largest(_ values: [Double]) -> [Double] {
        guard !isAlone, !values.isEmpty else { return values }
        var values = values
        check(concord_mpi_all_reduce_largest(&values, values.count), "MPI_Allreduce")
        return values
    }

    /// One number of each rank, in the order of ranks.
    public func gather(_ value: Int) -> [Int] {
        guard !isAlone else { return [value] }
        var all = [Int](repeating: 0, count: count)
        var value = value
        let ones = [Int](repeating: 1, count: count)
        check(concord_mpi_all_gather(&value, &all, ones, MemoryLayout<Int>.size), "MPI_Allgather")
        return all
    }

    /// The bytes of each rank, in the order of ranks.
    /// - Parameter bytes: of any number.
    public func gather(_ bytes: [UInt8]) -> [[UInt8]] {
        guard !isAlone else { return [bytes] }
        let counts = gather(bytes.count)
        var all = [UInt8](repeating: 0, count: max(1, counts.reduce(0, +)))
        check(concord_mpi_all_gather(bytes, &all, counts, 1), "MPI_Allgather")
        var at = 0
        return counts.map { count in
            defer { at += count }
            return Array(all[at..<at + count])
        }
    }

    /// The numbers of each rank, in the order of ranks.
    /// - Parameter values: as many as it has.
    public func gather(_ values: [Int32]) -> [[Int32]] {
        guard !isAlone else { return [values] }
        return gather(values.withUnsafeBytes { Array($0) }).map { bytes in
            bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
        }
    }

    /// The bytes of one rank on all of them.
    /// - Parameter bytes: of the rank `root`; what others give is not looked at.
    public func broadcast(_ bytes: [UInt8], from root: Int = 0) -> [UInt8] {
        guard !isAlone else { return bytes }
        let size = gather(rank == root ? bytes.count : 0)[root]
        var copy = rank == root ? bytes : [UInt8](repeating: 0, count: size)
        check(concord_mpi_broadcast(&copy, size, Int32(root)), "MPI_Bcast")
        return copy
    }

    /// Waits until all ranks came here.
    public func barrier() {
        if !isAlone { check(concord_mpi_barrier(), "MPI_Barrier") }
    }
}

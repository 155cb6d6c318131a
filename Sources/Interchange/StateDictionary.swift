public import ConcordLayers
public import ConcordTensors

extension Module {
    /// Every parameter and buffer with its path, in the order of the stored properties: what a checkpoint holds.
    ///
    /// Tied parameters stand once, under the first of their paths.
    public func stateDictionary() -> [(name: String, tensor: Tensor)] {
        let walk = ParameterWalk(self)
        return walk.parameters.map { ($0.path, $0.parameter.stored) } + walk.buffers.map { ($0.path, $0.buffer.stored) }
    }
}

package import ConcordFiles
public import ConcordLayers
package import ConcordTensors

extension Fingerprint {
    /// The fingerprint of named tensors, whatever order they are listed in.
    ///
    /// For each tensor, in the byte order of the names: name, element type, shape, elements.
    package init(of tensors: [(name: String, tensor: Tensor)]) {
        self.init()
        for (name, tensor) in tensors.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            add(name)
            add("\(tensor.elementType)")
            add(tensor.shape.count)
            for size in tensor.shape { add(size) }
            let storage = tensor.storage
            withExtendedLifetime(storage) { add(UnsafeRawBufferPointer(start: storage.base, count: storage.bytes)) }
        }
    }
}

extension Module {
    /// A fingerprint of all parameters and buffers, with their names and shapes: 16 hexadecimal digits.
    ///
    /// Two modules have the same fingerprint if they have the same weights. It is the fingerprint of the checkpoint
    /// that was written from the module, see `Safetensors.fingerprint()`.
    public func fingerprint() -> String { Fingerprint(of: stateDictionary()).description }
}

extension Safetensors {
    /// A fingerprint of all tensors of the file as they are read, with their names and shapes: 16 hexadecimal digits.
    ///
    /// The metadata do not matter.
    /// - Throws: `InterchangeError` if a tensor cannot be read.
    public func fingerprint() throws(InterchangeError) -> String {
        var tensors: [(name: String, tensor: Tensor)] = []
        for name in names { tensors.append((name, try tensor(name))) }
        return Fingerprint(of: tensors).description
    }
}

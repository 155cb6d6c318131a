/// What a training step gets: a struct of tensors and tokens, one sample a row in each.
public protocol Batch: Sendable {}

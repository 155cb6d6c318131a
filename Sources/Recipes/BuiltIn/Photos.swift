extension Recipe {
    /// A starting point for a user's own images without captions: folders `train` and `test` with a folder a class.
    ///
    /// The classes are labels for the report alone. Larger images want `stem: imagenet`, and a `width` of 64.
    static let photos = """
        epochs: 10
        batch: 128
        data: {kind: folder, path: train, held_out: test}
        objective: {name: simclr}
        model: {image: {encoder: resnet, depth: 18, stem: cifar, width: 16}}
        views: {size: 32}
        """

    /// SimCLR on CIFAR-10 as folders `train` and `test`, for few labels: smaller views than `photos`, and the head's hidden
    /// layer alone is batch-normalized.
    static let cifarViews = """
        epochs: 12
        batch: 128
        data: {kind: folder, path: train, held_out: test}
        objective: {name: simclr, temperature: 0.2, head_norm: hidden}
        model: {image: {stem: cifar, width: 16}}
        views: {size: 24}
        optimizer: {learning_rate: 2e-3, weight_decay: 0.01}
        schedule: {warmup: 0.05}
        """
}

extension Recipe {
    /// Recommendation by two towers of ids, on the packages of Debian: a package finds what it depends on.
    /// - Source: Yi et al. 2019 (RecSys), section 4: the sampled softmax with frequency correction; towers of ids alone
    ///   are ours.
    static let debianTwoTower = """
        epochs: 20
        batch: 1024
        data:
          path: depends.tsv
          columns: {package: {kind: id}, dependency: {kind: id}}
          split: {column: [package, dependency], modulo: 5}
        objective: {name: contrastive, loss: sampled_softmax, temperature: 0.1, head: none}
        model: {dimension: 64, package: {width: 64}, dependency: {width: 64}}
        optimizer: {learning_rate: 3e-2, weight_decay: 0}
        schedule: {name: constant, warmup_steps: 0}
        """
}

import Concord
import Foundation

/// The same measurements by scikit-learn, each in a process of its own.
struct ScikitLearnBaseline {
    private let python: String
    private let directory: String
    private let sizes: [String]

    /// Writes the features for it.
    init(python: String, _ bench: ProbeBench) throws {
        self.python = python
        directory = NSTemporaryDirectory() + "/concord-bench-" + UUID().uuidString
        sizes = [bench.samples, bench.dimension, bench.classes].map(String.init)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try bench.write(to: directory)
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// - Throws: `BenchError` where Python fails or prints something else.
    func measure(_ kind: ProbeKind) throws -> ProbeMeasurement {
        // Its own choice of kernels and of waits, as many threads as here.
        let environment = [
            "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", "-u", "GOMP_SPINCOUNT",
            "OMP_NUM_THREADS=\(Threads.count)",
        ]
        let output = try Child.output(
            of: "/usr/bin/env", environment + [python, "-c", Self.script, directory, kind.rawValue] + sizes)
        return try JSON.value(ProbeMeasurement.self, output, of: "scikit-learn's " + kind.rawValue)
    }

    private static let script = """
        import json, sys, time, warnings
        import numpy as np
        from sklearn.cluster import KMeans
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
        warnings.simplefilter("ignore")
        directory, kind, samples, width, classes = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
        x = np.fromfile(directory + "/features.f32", np.float32).reshape(-1, width)
        y = np.fromfile(directory + "/labels.i32", np.int32)
        q, truth, x, y = x[samples:], y[samples:], x[:samples], y[:samples]
        objective, evaluations = 0, 0
        start = time.perf_counter()
        if kind.startswith("linear"):
            scaler = StandardScaler().fit(x)
            z = scaler.transform(x)
            probe = LogisticRegression(C=1, tol=1e-6 if "1e-6" in kind else 1e-4, max_iter=1000).fit(z, y)
            seconds = time.perf_counter() - start
            quality = probe.score(scaler.transform(q), truth)
            logits = probe.decision_function(z).astype(np.float64)
            top = logits.max(1)
            loss = np.log(np.exp(logits - top[:, None]).sum(1)) + top - logits[np.arange(samples), y]
            objective = 0.5 * (probe.coef_.astype(np.float64) ** 2).sum() + loss.sum()
            evaluations = int(probe.n_iter_[0])
        elif kind.startswith("k-NN"):
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            start = time.perf_counter()
            q = q / np.linalg.norm(q, axis=1, keepdims=True)
            predicted = []
            for block in range(0, len(q), 1000):
                sims = q[block:block + 1000] @ x.T
                top = np.argpartition(-sims, 200, axis=1)[:, :200]
                votes = np.zeros((len(sims), classes))
                weights = np.exp(np.take_along_axis(sims, top, 1) / 0.1)
                np.add.at(votes, (np.arange(len(sims))[:, None], y[top]), weights)
                predicted.append(votes.argmax(1))
            seconds = time.perf_counter() - start
            quality = (np.concatenate(predicted) == truth).mean()
        else:
            found = KMeans(classes, n_init=1, init="k-means++", algorithm="lloyd", random_state=0, max_iter=100).fit(x)
            seconds = time.perf_counter() - start
            quality, objective, evaluations = found.inertia_ / samples, found.inertia_, found.n_iter_
        print(json.dumps(dict(
            seconds=seconds, quality=float(quality), objective=float(objective), evaluations=evaluations)))
        """
}

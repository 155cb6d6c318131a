import Concord

/// The same networks in PyTorch and ONNX Runtime, each pass series in a process of its own.
struct InferenceBaseline {
    enum Engine: String, CaseIterable { case pytorch, onnxruntime }

    let python: String
    /// The path of `torch_steps.py`, which has the networks.
    let script: String
    let repeats: Int

    /// - Throws: `BenchError` where Python fails or prints something else.
    func measure(
        _ workload: InferenceWorkload, batch: Int, _ precision: Precision, by engine: Engine
    ) throws -> Timing {
        // Its own choice of kernels and of waits, as many threads as here.
        let environment = [
            "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", "-u", "GOMP_SPINCOUNT",
            "OMP_NUM_THREADS=\(Threads.count)",
        ]
        let arguments = [
            script, workload.rawValue, engine.rawValue, precision.rawValue, "\(batch)", "\(repeats)", "\(Threads.count)",
        ]
        let output = try Child.output(of: "/usr/bin/env", environment + [python, "-c", Self.program] + arguments)
        let line = output.split(separator: "\n").last.map(String.init) ?? ""
        return Timing(try JSON.value([Double].self, line, of: engine.rawValue))
    }

    private static let program = """
        import contextlib, io, json, os, pathlib, sys, tempfile, time
        script, workload, engine, precision = sys.argv[1:5]
        batch, repeats, threads = map(int, sys.argv[5:8])
        sys.path.insert(0, str(pathlib.Path(script).parent))
        import torch, torch.nn as nn, torch.nn.functional as F
        import torch_steps
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        if workload.startswith("resnet"):
            import tvshim, torchvision
            model = getattr(torchvision.models, workload)()
            model.fc = nn.Identity()
            x = torch.rand(batch, 3, 224, 224) * 3.4 - 1.7
        elif workload == "texts":
            class Mean(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.f = torch_steps.TextTransformer(\(InferenceWorkload.vocabulary), 512, 4, 8, 512)
                def forward(self, ids):
                    return self.f(ids).mean(1)
            model, x = Mean(), torch.randint(1, \(InferenceWorkload.vocabulary), (batch, \(InferenceWorkload.textLength)))
        else:
            class Encoder(nn.Module):
                def __init__(self, m):
                    super().__init__()
                    self.convs, self.norms = m.convs, m.norms
                def forward(self, x):
                    for conv, norm in zip(self.convs, self.norms):
                        x = F.relu(norm(conv(x)))
                    return x.mean(2)
            model, x = Encoder(torch_steps.cpc_audio()[0]), torch.rand(batch, 1, \(InferenceWorkload.clipLength)) * 2 - 1
        model.eval()
        if engine == "pytorch":
            if x.ndim == 4:
                model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
            def one():
                with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                    return model(x)
        else:
            import onnxruntime
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "model.onnx")
                with contextlib.redirect_stdout(io.StringIO()):
                    torch.onnx.export(model, (x,), path, input_names=["x"])
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = threads
                session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            feed = {"x": x.numpy()}
            def one():
                return session.run(None, feed)
        for _ in range(2):
            one()
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            one()
            seconds.append(time.perf_counter() - start)
        print(json.dumps(seconds))
        """
}

"""Inputs and weights made from their names, as Tests/TestSupport/Hashed.swift makes them; and the writer of fixture files."""
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)


def hashed(name: str, shape, scale: float = 1.0) -> torch.Tensor:
    """uniform(-1, 1) * scale, float32 values held in float64."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    values = ((z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)) * np.float32(scale)
    return torch.from_numpy(values.reshape(shape).astype(np.float64))


def write(area: str, tensors: dict) -> None:
    """Tests/Fixtures/AREA.safetensors: float32 values of float64 results, PyTorch's version in the header."""
    arrays = {}
    for name, value in tensors.items():
        value = value.detach()
        arrays[name] = np.ascontiguousarray(value.numpy().astype(np.float32 if value.is_floating_point() else np.int32))
    path = pathlib.Path(__file__).parent / f"{area}.safetensors"
    save_file(arrays, path, metadata={"torch": torch.__version__})
    print(f"{path.name}: {len(arrays)} tensors, {path.stat().st_size} bytes")


def hashed_parameter(name: str, shape) -> torch.Tensor:
    """A parameter or statistic of a size that keeps activations near 1, chosen by its name and shape; TestSupport has the same."""
    shape = tuple(shape)
    if name.endswith("running_var"):
        offset, scale = 1.0, 0.5
    elif name.endswith("running_mean"):
        offset, scale = 0.0, 0.1
    elif len(shape) >= 2:
        offset, scale = 0.0, float(np.sqrt(6.0 / np.prod(shape[1:])))
    else:
        offset, scale = (1.0, 0.2) if name.endswith("weight") else (0.0, 0.1)
    value = hashed(name, shape, scale)
    return (value + offset).float().double() if offset else value


def fill(module: torch.nn.Module, prefix: str = "", renamed=lambda key: key) -> None:
    """Gives every parameter and statistic its hashed value, by prefix + renamed(key)."""
    with torch.no_grad():
        for key, value in module.state_dict(keep_vars=True).items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(hashed_parameter(prefix + renamed(key), value.shape))

"""Lets torchaudio 2.11.0 (`pip install --no-deps torchaudio==2.11.0`; there is none for PyTorch 2.13) import: its compiled operators do not match,
and nothing that the fixtures use needs them, so they are passed over and the questions asked at import are answered."""
import torch

_load = torch.ops.load_library
torch.ops.load_library = lambda path: None if "torchaudio" in str(path) else _load(path)
_library = torch.library.Library("_torchaudio", "DEF")
for _name, _type, _answer in (("cuda_version", "int", 0), ("is_align_available", "bool", False), ("is_rir_available", "bool", False)):
    _library.define(f"{_name}() -> {_type}")
    _library.impl(_name, lambda answer=_answer: answer, "CompositeExplicitAutograd")
for _name in ("_lfilter_core_loop", "_overdrive_core_loop"):
    torch.library.define(f"torchaudio::{_name}", "(Tensor a) -> ()")

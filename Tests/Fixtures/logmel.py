#!/usr/bin/env python3
"""Log-mel frames by torchaudio in float64, each clip by itself. Needs torchaudio: see torchaudio_import.py."""
import torch

import torchaudio_import  # noqa: F401
from hashed import hashed, write
from torchaudio.transforms import AmplitudeToDB, MelSpectrogram

tensors = {}


def clips(name, lengths):
    """A noise with a tone in it, so that bands differ."""
    for i, n in enumerate(lengths):
        x = hashed(f"logmel.{name}.{i}", (n,), 0.3)
        yield x + 0.5 * torch.sin(torch.arange(n) * 0.3)


def case(name, lengths, top=None, natural=None, standardized=False, **settings):
    mel = MelSpectrogram(**settings)
    power = settings.get("power", 2)
    for i, x in enumerate(clips(name, lengths)):
        y = mel(x)
        y = torch.log(y + natural) if natural else AmplitudeToDB("power" if power == 2 else "magnitude", top_db=top)(y)
        y = y.T                                                      # [T, mels]
        if standardized:
            y = (y - y.mean(0)) / (y.std(0) + 1e-5)
        tensors[f"{name}/{i}"] = y


case("default", (3000, 1601, 399))
case("speech", (2000, 1234), natural=1e-6, standardized=True, n_fft=400, hop_length=160, n_mels=80)
case("clap", (4000,), sample_rate=48000, n_fft=1024, hop_length=480, n_mels=64, f_min=50, f_max=14000)
case("slaney", (1500, 900), top=30, sample_rate=22050, n_fft=512, win_length=300, hop_length=100, n_mels=40, norm="slaney", mel_scale="slaney", power=1)
case("from_the_start", (1500, 700), natural=1e-3, sample_rate=8000, n_fft=255, win_length=201, hop_length=67, n_mels=20, center=False)
case("cubes", (1000,), sample_rate=8000, n_fft=128, win_length=127, hop_length=50, n_mels=12, power=3, natural=1e-6)
write("logmel", tensors)

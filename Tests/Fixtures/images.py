"""Small picture files in Tests/Fixtures/images/, and in images.safetensors what Pillow makes of them. Usage: python images.py

Files: JPEG with each subsampling, progressive, grey, CMYK, YCCK, the eight EXIF orientations; PNG of every colour type, interlaced, 16-bit.
Expected: pixels as Pillow decodes them, its resizes, and the colour operations as torchvision calls Pillow for them.
"""
import io
import pathlib
import struct
import zlib

import numpy as np
import PIL
import torch
from PIL import Image, ImageEnhance, ImageOps
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parent / "images"
folder.mkdir(exist_ok=True)
out = {}


def scene(width, height):
    """Smooth colour with sharp bars and a little noise: what interpolation and chroma upsampling are sensitive to."""
    y, x = np.mgrid[0:height, 0:width]
    noise = (x * 7919 + y * 104729) % 31 - 15
    r = 128 + 110 * np.sin(x / 3.0 + y / 9.0)
    g = 255.0 * x / width
    b = np.where((x + y) // 5 % 2 == 0, 230, 20)
    return Image.fromarray(np.clip(np.stack([r + noise, g + noise, b - noise], -1), 0, 255).astype(np.uint8))


def save(name, image, **options):
    b = io.BytesIO()
    image.save(b, "PNG" if name.endswith("png") else "JPEG", **options)
    put(name, b.getvalue())


def put(name, data, expected=None):
    (folder / name).write_bytes(data)
    if expected is None:
        expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    out[name] = np.asarray(expected)


photo = scene(33, 22)
for name, sampling in (("444", 0), ("422", 1), ("420", 2)):
    save(f"{name}.jpg", photo, quality=85, subsampling=sampling)
save("progressive.jpg", photo, quality=85, progressive=True)
save("grey.jpg", photo.convert("L"))
save("dot.jpg", scene(1, 1))
cmyk = scene(17, 12).convert("CMYK")
save("cmyk.jpg", cmyk)
ycck = bytearray((folder / "cmyk.jpg").read_bytes())
ycck[ycck.index(b"Adobe") + 11] = 2  # the same numbers read as YCCK
put("ycck.jpg", bytes(ycck))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"orientation{orientation}.jpg", scene(12, 7), exif=exif, subsampling=0, quality=60, optimize=True)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values, color, bits, interlaced=False, extra=b""):
    """A PNG file from an array [H, W, channels], written here because Pillow writes no 16-bit colour and no interlacing."""
    h, w, channels = values.shape
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] if interlaced else [(0, 0, 1, 1)]
    rows = b""
    for x, y, dx, dy in passes:
        part = values[y::dy, x::dx]
        if part.size:
            rows += b"".join(b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes() for row in part)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, color, 0, 0, int(interlaced))) + extra
            + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


small = scene(13, 9)
array = np.asarray(small)
wide = array.astype(np.uint16) * 257 + (np.arange(13)[None, :, None] * 17).astype(np.uint16) % 120
wide = np.minimum(wide, 65535 - 128)
to8 = lambda v: ((v.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
alpha = ((np.mgrid[0:9, 0:13].sum(0) * 13) % 256).astype(np.uint8)[..., None]


def over(rgb, a, background):
    """Composited with rounding to the nearest."""
    return ((rgb.astype(np.uint32) * a + (255 - a.astype(np.uint32)) * np.array(background) + 127) // 255).astype(np.uint8)


put("rgb.png", png(array, 2, 8), small)
put("interlaced.png", png(array, 2, 8, interlaced=True), small)
put("rgb16.png", png(wide, 2, 16), to8(wide))
put("grey16.png", png(wide[..., :1], 0, 16), np.repeat(to8(wide[..., :1]), 3, -1))
save("grey.png", small.convert("L"))
save("bilevel.png", small.convert("1"))
save("palette.png", small.convert("P", palette=Image.Palette.ADAPTIVE, colors=14))
put("rgba.png", png(np.concatenate([array, alpha], -1), 6, 8), over(array, alpha, (255, 255, 255)))
out["rgba.png on blue"] = over(array, alpha, (0, 40, 250))
grey = np.asarray(small.convert("L"))[..., None]
put("greyalpha.png", png(np.concatenate([grey, alpha], -1), 4, 8), over(np.repeat(grey, 3, -1), alpha, (255, 255, 255)))
transparent = np.asarray(small.convert("L").point(lambda v: v // 64))[..., None]
colors = np.array([[200, 10, 30], [0, 0, 255], [90, 90, 90], [255, 240, 0]], np.uint8)
fade = np.array([255, 0, 128, 77], np.uint8)
put("palettealpha.png", png(transparent, 3, 8, extra=chunk(b"PLTE", colors.tobytes()) + chunk(b"tRNS", fade.tobytes())),
    over(colors[transparent[..., 0]], fade[transparent], (255, 255, 255)))

filters = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
base = scene(47, 31)
out["scene"] = np.asarray(base)
for name, f in filters.items():
    for size in ((20, 13), (11, 31), (47, 9), (60, 40), (5, 33), (1, 1)):
        out[f"{name} {size[0]}x{size[1]}"] = np.asarray(base.resize(size, f))
tall = base.crop((3, 1, 23, 31))
for size in ((19, 7), (10, 20)):  # the first one's columns go first in Pillow 13
    out[f"tall {size[0]}x{size[1]}"] = np.asarray(tall.resize(size, Image.BICUBIC))

swatch = scene(24, 18)
out["swatch"] = np.asarray(swatch)
for factor in (0.0, 0.4, 1.6):
    f = float(np.float32(factor))
    out[f"brightness {factor}"] = np.asarray(ImageEnhance.Brightness(swatch).enhance(f))
    out[f"contrast {factor}"] = np.asarray(ImageEnhance.Contrast(swatch).enhance(f))
    out[f"saturation {factor}"] = np.asarray(ImageEnhance.Color(swatch).enhance(f))
for turn in (-0.3, 0.02, 0.5):
    h, s, v = swatch.convert("HSV").split()
    h = Image.fromarray(np.array(h) + np.int32(turn * 255).astype(np.uint8), "L")
    out[f"hue {turn}"] = np.asarray(Image.merge("HSV", (h, s, v)).convert("RGB"))
out["gray"] = np.asarray(swatch.convert("L").convert("RGB"))
out["solarized"] = np.asarray(ImageOps.solarize(swatch, 128))
for angle in (30.0, -75.0, 90.0, 180.0):
    for name in ("nearest", "bilinear"):
        out[f"rotated {angle} {name}"] = np.asarray(swatch.rotate(angle, filters[name], fillcolor=(9, 8, 7)))
for sigma, kernel in ((0.8, 5), (2.0, 9)):
    x = torch.arange(kernel, dtype=torch.float64) - kernel // 2
    k = torch.exp(-0.5 * (x / sigma) ** 2)
    k = k / k.sum()
    p = torch.nn.functional.pad(torch.tensor(np.asarray(swatch)).double().permute(2, 0, 1)[None], [kernel // 2] * 4, mode="reflect")
    q = torch.nn.functional.conv2d(p, (k[:, None] * k[None])[None, None].expand(3, 1, kernel, kernel), groups=3)
    out[f"blur {sigma}"] = q[0].permute(1, 2, 0).round().to(torch.uint8).numpy()

out = {k: np.ascontiguousarray(v) for k, v in out.items()}
path = folder.parent / "images.safetensors"
save_file(out, path, metadata={"pillow": PIL.__version__, "torch": torch.__version__})
print(len(out), path.stat().st_size, sum(f.stat().st_size for f in folder.iterdir()))

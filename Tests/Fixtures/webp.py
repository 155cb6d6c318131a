"""Small WebP files in Tests/Fixtures/images/, and in webp.safetensors what Pillow makes of them. Usage: python webp.py

Lossy, lossless, both with alpha, an animation, two EXIF orientations.
"""
import io
import pathlib

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parent / "images"
out = {}


def scene(width, height):
    y, x = np.mgrid[0:height, 0:width]
    r, g, b = 128 + 110 * np.sin(x / 3.0 + y / 9.0), 255.0 * x / width, np.where((x + y) // 5 % 2 == 0, 230, 20)
    return Image.fromarray(np.clip(np.stack([r, g, b], -1), 0, 255).astype(np.uint8))


def put(name, image, **options):
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    (folder / name).write_bytes(buffer.getvalue())
    decoded = ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue())))
    if decoded.mode == "RGBA":
        decoded = Image.alpha_composite(Image.new("RGBA", decoded.size, "white"), decoded)
    out[name] = np.asarray(decoded.convert("RGB"))


photo = scene(33, 22)
y, x = np.mgrid[0:22, 0:33]
clear = photo.convert("RGBA")
clear.putalpha(Image.fromarray((x * 255 // 32).astype(np.uint8)))
put("lossy.webp", photo, quality=80)
put("lossless.webp", photo, lossless=True)
put("lossyalpha.webp", clear, quality=80)
put("losslessalpha.webp", clear, lossless=True, exact=True)
put("animated.webp", photo, lossless=True, save_all=True, append_images=[ImageOps.mirror(photo)], duration=100)
for orientation in (3, 6):
    exif = Image.Exif()
    exif[0x0112] = orientation
    put(f"orientation{orientation}.webp", scene(12, 7), lossless=True, exif=exif.tobytes())
save_file(out, pathlib.Path(__file__).parent / "webp.safetensors")

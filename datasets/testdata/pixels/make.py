"""Writes the pictures beside it and pixels.json: what Pillow and torchvision
make of them and of pictures that the test draws itself by the same formula.

    pip install pillow==13.0.0 torch==2.11.0 torchvision==0.26.0 numpy && python make.py

Each picture that is read has its SHA-256s: "rgb" of Pillow's convert("RGB"),
"crop" of the 224 x 224 x 3 bytes before ToTensor, "pixels" of the 3 x 224 x 224
floats, little-endian, "thumbnail" of 3 x 64 x 64 floats by Resize(64) and CenterCrop(64). What Pillow reads from NAME.jpg is NAME.jpg.png.
"cut" holds of some files the length, and that of the shortest beginning that Pillow reads.
"""

import hashlib
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image
from torchvision import transforms

here = pathlib.Path(__file__).parent
crop = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
standard = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
pixels = transforms.Compose([crop, standard])
thumbnail = transforms.Compose([transforms.Resize(64), transforms.CenterCrop(64), standard])
SIZES = [(37, 91), (500, 3), (3, 500), (1, 1), (640, 480), (224, 224), (256, 256), (257, 339), (341, 256), (2, 1000), (1001, 777), (255, 300)]


def draw(w, h, channels=3):
    """A picture with edges and noise: whole numbers only, so that Go draws the same."""
    x, y, c = np.meshgrid(np.arange(w), np.arange(h), np.arange(channels), indexing="xy")
    v = (3 * x * x + 5 * y * y + (2 + c) * x * y + 17 * c) // 8 ^ (7 * x + 11 * y + 29 * c)
    return (v & 255).astype(np.uint8)


def sha(b):
    return hashlib.sha256(b).hexdigest()


def facts(image):
    image = image.convert("RGB")
    floats = pixels(image).numpy()
    assert floats.dtype == np.float32 and floats.shape == (3, 224, 224)
    return {"rgb": sha(image.tobytes()), "crop": sha(crop(image).tobytes()), "pixels": sha(floats.astype("<f4").tobytes()),
            "thumbnail": sha(thumbnail(image).numpy().astype("<f4").tobytes())}


def png(name, w, h, depth, kind, rows, *chunks):
    """Pillow writes few of the kinds of PNG that there are."""
    def chunk(tag, data):
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, 0)) + b"".join(chunk(*c) for c in chunks)
    body += chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows), 9)) + chunk(b"IEND", b"")
    (here / name).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def pngs():
    w, h = 19, 13
    for name, depth, kind, samples in [
        ("grey1", 1, 0, 1), ("grey2", 2, 0, 1), ("grey4", 4, 0, 1), ("grey8", 8, 0, 1), ("grey16", 16, 0, 1), ("rgb16", 16, 2, 3),
        ("palette2", 2, 3, 1), ("palette8", 8, 3, 1), ("greyalpha8", 8, 4, 2), ("greyalpha16", 16, 4, 2), ("rgba8", 8, 6, 4), ("rgba16", 16, 6, 4),
    ]:  # fmt: skip
        bits = w * samples * depth
        rows = [r[: (bits + 7) // 8].tobytes() for r in draw(2 * w * samples, h, 1)[:, :, 0]]
        if name == "grey16":  # most of it near 0, where it is not cut off
            rows = [b"".join(bytes([b % 2 * (b > 200), b]) for b in r[:w]) for r in rows]
        extra = []
        if kind == 3:
            colours = 1 << depth
            extra = [(b"PLTE", draw(colours, 1)[:, :, :].tobytes()), (b"tRNS", bytes(i * 7 % 256 for i in range(colours)))]
        png(name + ".png", w, h, depth, kind, rows, *extra)
    colour = draw(w, h)
    png("rgbkey8.png", w, h, 8, 2, [r.tobytes() for r in colour], (b"tRNS", struct.pack(">HHH", *map(int, colour[3, 4]))))


def jpegs():
    w, h = 45, 35
    x, y = np.meshgrid(np.arange(w), np.arange(h))
    edges = np.stack([(x // 7 + y // 5) % 2 * 230, (x * 5) % 256, np.where(x > y, 250, 20)], 2).astype(np.uint8)
    image, square = Image.fromarray(edges), Image.fromarray(edges[:, :35])
    image.save(here / "444.jpg", quality=90, subsampling=0)
    image.save(here / "422.jpg", quality=90, subsampling=1)
    image.save(here / "420.jpg", quality=90, subsampling=2)
    image.save(here / "progressive.jpg", quality=60, subsampling=2, progressive=True)
    image.convert("L").save(here / "grey.jpg", quality=90)
    image.save(here / "rgb.jpg", quality=90, keep_rgb=True)
    image.crop((0, 0, 3, 3)).save(here / "narrow.jpg", quality=90, subsampling=2)
    turned = Image.Exif()
    turned[0x0112] = 6
    image.save(here / "turned.jpg", quality=90, subsampling=2, exif=turned)
    Image.fromarray(draw(w, h, 4), "CMYK").save(here / "cmyk.jpg", quality=90)
    # 4:4:0 is 4:2:2 with the two blocks of luminance one below the other.
    square.save(here / "440.jpg", quality=90, subsampling=1)
    b = (here / "440.jpg").read_bytes()
    assert b.count(b"\x03\x01\x21\x00") == 1
    (here / "440.jpg").write_bytes(b.replace(b"\x03\x01\x21\x00", b"\x03\x01\x12\x00"))
    for path in here.glob("*.jpg"):
        Image.open(path).convert("RGB").save(path.with_name(path.name + ".png"), optimize=True)


def cut(path):
    """Length of a file, and of the shortest beginning of it that Pillow reads."""
    b = path.read_bytes()
    shortest = len(b)
    for n in range(len(b) - 1, 0, -1):
        try:
            Image.open(io.BytesIO(b[:n])).convert("RGB")
            shortest = n
        except (OSError, SyntaxError):
            pass
    return [len(b), shortest]


torch.set_num_threads(1)
pngs()
jpegs()
out = {
    "drawn": [{"w": w, "h": h, **facts(Image.fromarray(draw(w, h)))} for w, h in SIZES],
    "png": {p.name: {"mode": Image.open(p).mode, **facts(Image.open(p))} for p in sorted(here.glob("*.png")) if ".jpg" not in p.name},
    "cut": {name: cut(here / name) for name in ("420.jpg", "progressive.jpg", "grey.jpg", "grey8.png", "palette8.png", "rgba16.png")},
}
(here / "pixels.json").write_text(json.dumps(out, indent=1) + "\n")

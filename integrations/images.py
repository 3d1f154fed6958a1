"""Photos from strangers made safe to show: decoded, turned upright, stripped of everything but their pixels.

What comes out is always JPEG, whatever came in: every client shows it, and nothing hidden in the upload survives.
"""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from typing import Final, NamedTuple

from PIL import Image, ImageCms, ImageOps

from models.domain.photos import MAX_PIXELS, THUMBNAIL_SIDE

CONTENT_TYPE: Final = "image/jpeg"
FORMATS: Final = ("JPEG", "PNG", "WEBP")

LONGEST_SIDE: Final = 4096
"""Pixels; a crack in a wall is still seen, and a 64-megapixel upload is not shown as one."""

QUALITY: Final = 88
THUMBNAIL_QUALITY: Final = 80

_DECODING: Final = threading.BoundedSemaphore(2)
"""A photo of 64 megapixels takes 200 MB while it is open; two at a time, however many threads there are."""


class NotAnImage(Exception):
    """No retry can help: the bytes are no JPEG, PNG or WebP that can be decoded, or it is too large."""


class Cleaned(NamedTuple):
    photo: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    """Of `photo`, in hexadecimal, so that a later change in the store can be shown."""


def cleaned(upload: bytes) -> Cleaned:
    """Raises NotAnImage."""
    with _DECODING:
        try:
            image = _upright(upload)
            photo = _encoded(image, QUALITY)
            small = image.copy()
            small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            thumbnail = _encoded(small, THUMBNAIL_QUALITY)
        except NotAnImage:
            raise
        except Exception as error:
            # A hostile file makes decoders raise nearly anything; none of it is worth a retry.
            raise NotAnImage(f"{type(error).__name__}: {error}") from error
    return Cleaned(photo, thumbnail, image.width, image.height, hashlib.sha256(photo).hexdigest())


def _upright(upload: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # Our own limit comes first, and a warning would only fill the log.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        opened = Image.open(io.BytesIO(upload), formats=FORMATS)
    with opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise NotAnImage(f"{opened.width} x {opened.height} pixels")
        # A JPEG can be decoded at a fraction of its size; other formats ignore this.
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        opened.load()
        image = _in_srgb(ImageOps.exif_transpose(opened))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as every screen understands them, so that the profile can go with the other metadata."""
    profile = image.info.get("icc_profile")
    if profile and image.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
        except ImageCms.PyCMSError:
            converted = None  # A broken profile only means that the colours stay as they are.
        image = converted or image
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    return image.convert("RGB")


def _encoded(image: Image.Image, quality: int) -> bytes:
    """The pixels alone: Pillow writes metadata only where it is handed over."""
    image.info.clear()
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, optimize=True, progressive=True)
    return target.getvalue()

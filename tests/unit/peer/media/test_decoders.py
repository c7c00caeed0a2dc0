"""What the failures of decoders mean."""

from __future__ import annotations

import io

import pytest

from peer.media.decoders import DamagedPictureError, UnsupportedPictureError, failures_as_verdicts, open_picture
from tests.fixtures import pictures


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (OSError("image file is truncated (4 bytes not processed)"), DamagedPictureError),
        (ValueError("Invalid input: Unexpected end of file"), DamagedPictureError),
        (SyntaxError("Unsupported feature: Unsupported codec"), UnsupportedPictureError),
        (SyntaxError("cannot handle 2-layer images"), UnsupportedPictureError),
        (RecursionError(), DamagedPictureError),
        (MemoryError(), MemoryError),
    ],
)
def test_failures_become_verdicts(failure: Exception, verdict: type[Exception]) -> None:
    with pytest.raises(verdict), failures_as_verdicts("HEIC"):
        raise failure


def test_a_decoder_never_sees_another_types_bytes() -> None:
    with pytest.raises(DamagedPictureError):
        open_picture(io.BytesIO(pictures.png(8, 8)), "JPEG")
    with pytest.raises(DamagedPictureError):
        open_picture(io.BytesIO(pictures.jpeg(8, 8)), "HEIC")


def test_a_tiff_of_an_unknown_kind_is_kept() -> None:
    unknown_compression = pictures.tiff(8, 8).replace(
        b"\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00", b"\x03\x01\x03\x00\x01\x00\x00\x00\xff\xfe"
    )
    with pytest.raises(UnsupportedPictureError):
        open_picture(io.BytesIO(unknown_compression), "TIFF")

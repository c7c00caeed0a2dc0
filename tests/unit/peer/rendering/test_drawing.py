"""From files to pictures: upright, in sRGB, from every kind of source, with what the original says of itself kept as far as it still holds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from crdt.values import Value
from peer.media.limits import DecodeLimits
from peer.media.types import HEAD_BYTES, MediaType, identify
from peer.rendering.drawing import draw_edited
from peer.rendering.messages import Form, Output, Rendered, RenderRequest, decode_rendered, encode_rendered
from peer.rendering.parameters import Parameters
from peer.rendering.reading import read_parameters
from tests.fixtures.pictures import Shot, heic, jpeg, png, tiff, truncated, webp
from tests.unit.peer.rendering.samples import pixels

SHOT = Shot(orientation=6, position=(59.3, 18.0, 10.0), iso=200, lens="50mm")
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" tiff:Orientation="6"'
    b' xmp:Label="kept"><tiff:ImageWidth>300</tiff:ImageWidth><xmp:Thumbnails><rdf:Alt/></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>'
)


def media_of(path: Path) -> MediaType:
    media = identify(path.read_bytes()[:HEAD_BYTES], path.name)
    assert isinstance(media, MediaType)
    return media


def drawn(path: Path, form: Form = Form.PNG, **edits: Value) -> Image.Image:
    """The file as edited, written and read again."""
    output = Output(path=path.with_name("rendered"), form=form, quality=95)
    answer = draw_edited(RenderRequest(path=path, media=media_of(path), parameters=read_parameters(edits).parameters, output=output))
    assert answer.problem is None
    image = Image.open(io.BytesIO(output.path.read_bytes()))
    image.load()
    assert image.size == (answer.width, answer.height)
    return image


def pictures(path: Path, **edits: Value) -> Rendered:
    answer = draw_edited(RenderRequest(path=path, media=media_of(path), parameters=read_parameters(edits).parameters))
    return decode_rendered(encode_rendered(answer))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(300, 200, shot=SHOT))
    return path


@pytest.mark.parametrize("form", Form)
def test_what_the_original_says_of_itself_is_kept_and_corrected(photo: Path, form: Form) -> None:
    image = drawn(photo, form, crop=[0, 0, 0.5, 1], rotate=90)
    exif = image.getexif()
    assert image.size == (300, 100)
    assert exif[0x0112] == 1
    assert exif[0x010F] == "Calotype"
    assert exif.get_ifd(0x8769)[0x9003] == "2024:07:21 18:03:11"
    assert exif.get_ifd(0x8825)[1] == "N"
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert ImageCms.getProfileDescription(profile).startswith("sRGB")


@pytest.mark.parametrize("form", [Form.JPEG, Form.PNG, Form.WEBP, Form.TIFF])
def test_xmp_is_kept_but_for_what_no_longer_holds(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (300, 200), "red").save(path, xmp=PACKET)
    image = drawn(path, form, rotate=90)
    packet = image.tag_v2[700] if form is Form.TIFF else image.info["xmp"]  # type: ignore[attr-defined]  # of a TIFF
    text = packet.decode() if isinstance(packet, bytes) else packet
    assert 'tiff:Orientation="1"' in text
    assert 'xmp:Label="kept"' in text
    assert "<tiff:ImageWidth>200<" in text
    assert "Thumbnails" not in text


@pytest.mark.parametrize("orientation", range(1, 9))
def test_crops_are_of_the_picture_as_it_is_looked_at(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (64, 48), "blue")
    upright.paste((255, 0, 0), (0, 0, 32, 24))
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what brings the upright picture into the stored one
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(turns[orientation]))
    block = Image.Exif()
    block[0x0112] = orientation
    path = tmp_path / "turned.png"
    stored.save(path, exif=block)
    assert drawn(path, crop=[0, 0, 0.5, 0.5]).getextrema() == ((255, 255), (0, 0), (0, 0))


def test_the_colours_of_a_wide_profile_come_out_as_srgb(tmp_path: Path) -> None:
    """Made with a profile whose red and green are exchanged: what was stored as green is looked at as red."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tmp1").replace(b"gXYZ", b"rXYZ").replace(b"tmp1", b"gXYZ")
    swapped = swapped.replace(b"sRGB built-in".decode().encode("utf-16-be"), "Test built-in".encode("utf-16-be"))
    path = tmp_path / "wide.png"
    Image.new("RGB", (8, 8), (0, 200, 0)).save(path, icc_profile=swapped)
    red, green, blue = pixels(drawn(path))[0, 0]
    assert abs(red - 200) <= 3
    assert green <= 3
    assert blue <= 3


def test_sixteen_bits_cmyk_palette_and_alpha(tmp_path: Path) -> None:
    cases = {
        "sixteen.png": Image.fromarray(np.full((6, 8), 32768, np.uint16)),
        "press.jpg": Image.new("CMYK", (8, 6), (0, 255, 255, 0)),
        "palette.png": Image.new("RGB", (8, 6), (0, 0, 250)).quantize(4),
        "clear.png": Image.new("RGBA", (8, 6), (10, 20, 30, 128)),
    }
    found = {}
    for name, image in cases.items():
        path = tmp_path / name
        image.save(path)
        found[name] = drawn(path, rotate=90)
        assert found[name].size == (6, 8)
    assert abs(pixels(found["sixteen.png"])[0, 0, 0] - 128) <= 1
    assert pixels(found["press.jpg"])[0, 0].tolist()[0] > 200
    assert found["palette.png"].getpixel((0, 0)) == (0, 0, 250)
    assert found["clear.png"].getpixel((0, 0)) == (10, 20, 30, 128)


@pytest.mark.parametrize(("name", "data"), [("a.heic", heic), ("a.tif", tiff), ("a.webp", webp), ("a.png", png)])
def test_all_types_of_photographs_are_rendered(tmp_path: Path, name: str, data: object) -> None:
    path = tmp_path / name
    path.write_bytes(data(320, 200))  # type: ignore[operator]  # one of the makers of pictures
    answer = pictures(path, rotate=90, saturation=-100)
    assert (answer.width, answer.height, answer.problem) == (200, 320, None)


def test_thumbnail_and_preview_of_an_edited_photo(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(jpeg(3000, 2000, shot=SHOT))
    answer = pictures(path, rotate=90)
    assert answer.thumbnail is not None
    assert answer.preview is not None
    assert (answer.thumbnail.width, answer.thumbnail.height) == (360, 240)
    assert (answer.preview.width, answer.preview.height) in ((1500, 1000), (2048, 1365))
    cropped = pictures(path, crop=[0.4, 0.4, 0.1, 0.1])
    assert (cropped.width, cropped.height) == (200, 300), "a small crop is decoded at full size"


def test_what_is_damaged_or_too_large_is_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(truncated(jpeg(300, 200)))
    assert pictures(path).problem is not None
    path.write_bytes(jpeg(300, 200))
    request = RenderRequest(path=path, media=media_of(path), parameters=Parameters())
    assert "too many pixels" in (draw_edited(request, DecodeLimits(pixels=1000)).problem or "")
    path.unlink()
    assert "can't be read" in (draw_edited(request).problem or "")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of the library, when the test reads what was kept
def test_a_hostile_description_keeps_no_picture_from_being_written(tmp_path: Path) -> None:
    path = tmp_path / "hostile.jpg"
    block = b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + b"\xff" * 600
    Image.new("RGB", (20, 10)).save(path, exif=block, xmp=b"\xff\xfe<rdf")
    for form in Form:
        assert drawn(path, form, rotate=90).size == (10, 20)

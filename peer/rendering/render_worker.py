"""The process that renders: ``python -m peer.rendering.render_worker MEMORY SECONDS PIXELS``. Never imported by the program itself.

It is a decoder (``peer.media.decode_worker``) that is asked something else, under the same limits.
"""

from __future__ import annotations

import sys

from peer.media.decode_worker import main
from peer.media.limits import DecodeLimits
from peer.rendering.drawing import draw_edited
from peer.rendering.messages import decode_render_request, encode_rendered


def rendered(message: bytes, limits: DecodeLimits) -> bytes:
    """The answer to a request to render."""
    return encode_rendered(draw_edited(decode_render_request(message), limits))


if __name__ == "__main__":
    main(sys.argv[1:], rendered)

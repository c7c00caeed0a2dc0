"""Edited pictures: from a decoded picture and the edit parameters of a record to pixels (PROTOCOL.md section 6.5).

The parameters are relative to the original, whatever order they were set in, and are applied in this order. Nothing below depends on a size: a
smaller source gives the same picture, smaller.

Source
    The picture as it is looked at (EXIF orientation applied), in sRGB by its colour profile, eight bits a channel. W and H are its width and height
    in pixels; x goes to the right, y down; the pixel (i, j) covers [i, i + 1] × [j, j + 1]. Alpha goes the way of the pixels and is changed by geometry only.

Geometry
    1. crop [x, y, w, h], fractions of W and H: left = min(⌊xW + ½⌋, W − 1), right = min(max(⌊(x + w)W + ½⌋, left + 1), W); top and bottom alike.
    2. straighten a, degrees: the picture is turned clockwise by a about the middle (cx, cy) of the crop. What is seen is a rectangle of the crop's
       proportions about the same middle, as large as the crop if that fits, else the largest that lies wholly inside of the picture, so that no empty
       corner shows. With w and h of the crop in pixels, c = |cos a|, s = |sin a|, ex = (wc + hs)/2, ey = (ws + hc)/2:
       scale = min(1, min(cx, W − cx)/ex, min(cy, H − cy)/ey); width = max(1, ⌊scale·w⌋), height alike.
       The sample at (u, v) from the middle is read at (cx + u cos a + v sin a, cy − u sin a + v cos a), by cubic convolution with the parameter −1.
    3. Where a size is asked for: shrunk to at most that many pixels on the longer side, by a Hamming window; never enlarged.
    4. flip: h exchanges left and right, v top and bottom, hv both.
    5. rotate: quarter turns clockwise.

Colours, of each channel alone; p/100 for a parameter p between −100 and 100
    6. In linear light (IEC 61966-2-1 decoded), multiplied by the channel's gain, then limited to [0, 1]:
       temperature t and tint u: r = 2^(t/2), g = 2^(−0.3u), b = 2^(−t/2), each divided by 0.2126r + 0.7152g + 0.0722b, so that grey keeps its luminance;
       exposure e: 2^(2e). So 100 is two stops.
    7. Encoded again, v in [0, 1], one after the other:
       highlights h: v + h·v²(1 − v);   shadows s: v + s·v(1 − v)²;   contrast c: v + c·(3v² − 2v³ − v).
       Each of them keeps black, white and the order of tones.

Colours, of the channels together, on encoded values; Y = 0.2126R + 0.7152G + 0.0722B; after each the channels are limited to [0, 1]
    8. saturation s: Y + (1 + s)(v − Y).
    9. monochrome: Y in every channel.
    10. filter: a matrix, an offset and a contrast (as in 7); ``filters`` has the table.
    11. vignette a: v·(1 − 0.75·a·r⁴); r is the distance from the middle of what is seen, in halves of its width and height, divided by √2: 1 in the corners.
        Above 0 the corners get darker.

Result
    ⌊255v + ½⌋, sRGB. Steps whose parameter is absent or neutral are left out, so without parameters the source comes out bit by bit.

The channels of a step are computed in single precision or better, the tables of steps 6 and 7 in double precision. Two programs that do so differ by at
most 1 of 255 in any channel, and that is the tolerance, given the same source pixels. What is not known, a parameter, a filter or a value of another
type, is skipped and named.
"""

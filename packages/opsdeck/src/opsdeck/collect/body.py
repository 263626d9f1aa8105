"""A request body as sent → plain bytes, never more than the limit, whatever the compression hides.

In: bytes and a Content-Encoding. Out: bytes, or RejectedError. It must not know what the bytes mean.
"""

import zlib

import zstandard

from opsdeck.collect.codes import Limits, refuse

GZIP = 16 + zlib.MAX_WBITS
MEMBERS = 64
# The window every decoder has to support (RFC 8878, 3.1.1.1.2); zlib's is 32 KiB.
ZSTD_WINDOW = 8 * 1024 * 1024


def plain(body: bytes, encoding: str, limits: Limits) -> bytes:
    """The decompressed body. Raises RejectedError: too_large, bad_compression, unsupported_encoding."""
    if len(body) > limits.body:
        raise refuse("too_large", f"the body is larger than {limits.body:,} bytes")
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding in ("gzip", "x-gzip"):
        return _gunzip(body, limits.body)
    if encoding == "zstd":
        return _unzstd(body, limits.body)
    raise refuse(
        "unsupported_encoding", f"Content-Encoding {encoding[:40]!r}", hint="send gzip, zstd or identity"
    )


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    for _ in range(MEMBERS):
        member = zlib.decompressobj(wbits=GZIP)
        try:
            part = member.decompress(body, left + 1)
        except zlib.error as error:
            raise refuse("bad_compression", f"gzip: {error}") from error
        if len(part) > left:
            raise _too_large(limit)
        if not member.eof:
            raise refuse("bad_compression", "gzip: the body is cut off")
        parts.append(part)
        left -= len(part)
        body = member.unused_data
        if not body:
            return parts[0] if len(parts) == 1 else b"".join(parts)
    raise refuse("bad_compression", f"gzip: more than {MEMBERS} members")


def _unzstd(body: bytes, limit: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    try:
        # The reader bounds the output but takes a cut-off frame for a whole one; the second pass tells them apart.
        with decompressor.stream_reader(body) as reader:
            out = reader.read(limit + 1)
        if len(out) > limit:
            raise _too_large(limit)
        frame = decompressor.decompressobj()
        frame.decompress(body)
    except zstandard.ZstdError as error:
        raise refuse("bad_compression", f"zstd: {error}") from error
    if not frame.eof or frame.unused_data:
        raise refuse("bad_compression", "zstd: the body is not one whole frame")
    return out


def _too_large(limit: int) -> Exception:
    return refuse("too_large", f"the decompressed body is larger than {limit:,} bytes")

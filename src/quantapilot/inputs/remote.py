"""Remote inputs: object stores, HTTP and what else fsspec knows by its address."""

from __future__ import annotations

import io
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from quantapilot.inputs.http_stream import WINDOW, HttpStream
from quantapilot.inputs.remote_faults import faults_told
from quantapilot.inputs.rules import INPUT_RULES, InputFaultError
from quantapilot.inputs.sources import Source, path_matches
from quantapilot.urls import is_chain, on_the_web, scheme_of, shown_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.findings import Finding

_GLOB: Final = frozenset("*?[")
# Seconds until a server must have answered, and may pause; none for all, as files are large.
_CONNECTING: Final = 10
_PAUSING: Final = 60
# Sizes that are kept, as several ask for one.
_SIZES: Final = 1 << 12


def open_url(url: str) -> BinaryIO:
    """Open what stands at an address; it can be read from any place where its server allows it.

    Raises:
        InputFaultError: What it takes to read from there is not installed, or it can't be read; so
            may reading from what this returns.
    """
    with faults_told():
        return cast("BinaryIO", _Told(_opened(url)))


@lru_cache(_SIZES)
def size_of_url(url: str) -> int:
    """Return how many bytes stand at an address; 0 where nobody knows.

    Whoever opens it finds out what is wrong with it.
    """
    try:
        with faults_told():
            system, path = _system_of(url)
            if not on_the_web(url):
                return system.size(path) or 0
            with HttpStream(system, url, window=1) as stream:
                return stream.size or 0
    except InputFaultError:
        return 0


def remote_sources(url: str, kind: str | None = None) -> Iterator[Source | Finding]:
    """Yield what an address stands for: itself, a folder's files, or those that match a pattern.

    Over HTTP nothing can be listed, so an address there is always itself.
    """
    label = shown_url(url)
    if is_chain(url):
        # What fsspec unpacks has no limits, and what it caches stays on the disk.
        yield INPUT_RULES["input/unreadable"].at(
            label, "addresses are not chained by '::': name the file, and it is unpacked anyway"
        )
        return
    if on_the_web(url):
        if "*" in url.partition("?")[0]:
            yield INPUT_RULES["input/no-match"].at(
                label, "HTTP has no folders to look for names in: name each file"
            )
        else:
            yield Source(label, None, named=True, kind=kind, url=url)
        return
    try:
        with faults_told():
            system, path = _system_of(url)
            magic = bool(_GLOB & set(path))
            info = None if magic else system.info(path)
    except InputFaultError as error:
        yield error.at(label)
        return
    if info is not None and info["type"] != "directory":
        yield Source(label, None, named=True, kind=kind, url=url, size=info["size"])
        return
    parts = path.rstrip("/").split("/")
    fixed = next((at for at, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    pattern = tuple(parts[fixed:]) or ("**",)
    folder = "/".join(parts[:fixed])
    base = "/".join(url.rstrip("/").split("/")[: fixed - len(parts) or None])
    found = False
    for name, seen in _below(system, folder or "/", (), pattern):
        found = True
        address = f"{base}/{name.removeprefix(folder).removeprefix('/')}"
        if isinstance(seen, InputFaultError):
            yield seen.at(shown_url(address))
        else:
            yield Source(shown_url(address), None, kind=kind, url=address, size=seen)
    if not found:
        what = "no file matches" if magic else "no file in this folder to check"
        yield INPUT_RULES["input/no-match"].at(label, what)


def _below(
    system: Any, folder: str, above: Sequence[str], pattern: Sequence[str]
) -> Iterator[tuple[str, int | InputFaultError | None]]:
    """Yield the files below a folder that match, with their sizes, by folders in a stable order.

    A folder that can't be listed comes with what is wrong; fsspec's own walk passes over it.
    """
    try:
        with faults_told():
            entries = sorted(system.ls(folder, detail=True), key=lambda entry: str(entry["name"]))
    except InputFaultError as fault:
        yield folder, fault
        return
    folders = []
    for entry in entries:
        name = entry["name"].rstrip("/")
        if name == folder.rstrip("/"):
            continue
        place = (*above, name.rpartition("/")[2])
        if entry["type"] == "directory":
            if _leads(place, pattern):
                folders.append((name, place))
        elif path_matches(place, pattern):
            yield entry["name"], entry["size"]
    for name, place in folders:
        yield from _below(system, name, place, pattern)


def _leads(place: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether something below a folder may match."""
    for at, name in enumerate(place):
        if pattern[at] == "**":
            return True
        if at == len(pattern) - 1 or not fnmatchcase(name, pattern[at]):
            return False
    return True


def _opened(url: str) -> Any:
    system, path = _system_of(url)
    if on_the_web(url):
        return HttpStream(system, url)
    return system.open(path, "rb", block_size=WINDOW, cache_type="readahead")


def _system_of(url: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it."""
    import fsspec

    if scheme_of(url) not in fsspec.available_protocols():
        raise InputFaultError(
            "input/needs-extra",
            f"no package that is installed reads addresses of '{scheme_of(url)}:'",
        )
    options = _web_options(url) if on_the_web(url) else {}
    system, path = fsspec.core.url_to_fs(url, **options)
    return system, path


def _web_options(url: str) -> dict[str, Any]:
    """Return how to ask: for the bytes as they are stored, through the proxy that is set."""
    import aiohttp
    from fsspec.config import conf

    own: dict[str, Any] = {}
    for scheme in ("http", "https"):
        own |= conf.get(scheme, {}).get("client_kwargs", {})
    headers = {"Accept-Encoding": "identity"} | dict(own.pop("headers", {}))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECTING, sock_read=_PAUSING)
    # What a server packs all the same is unpacked like any input, within the same limits.
    ours = {"auto_decompress": False, "trust_env": True, "timeout": timeout}
    # What is escaped already must stay as it is: a signature was made over it.
    return {"client_kwargs": ours | own | {"headers": headers}, "encoded": "%" in url}


class _Told(io.BufferedIOBase):
    """A stream whose errors are faults of the input."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        with faults_told():
            return bool(self._stream.seekable())

    def tell(self) -> int:
        return int(self._stream.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with faults_told():
            return int(self._stream.seek(offset, whence))

    def read(self, size: int | None = -1, /) -> bytes:
        with faults_told():
            return bytes(self._stream.read(size))

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()

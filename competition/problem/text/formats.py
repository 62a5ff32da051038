"""Files that are no CSV, whatever they are called: told by how they begin."""

import zipfile
from pathlib import Path

_AS_CSV = "write it with to_csv(index=False)"
_LINES = "write ids and answers as lines of CSV"
_BEGINNINGS = {
    b"PK\x03\x04": "it is a zip: unpack it first",
    b"PK\x05\x06": "it is a zip with nothing in it",
    b"\x1f\x8b": "it is a gzip: unpack it first",
    b"BZh": "it is packed by bzip2: unpack it first",
    b"\xfd7zXZ": "it is packed by xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "it is packed by zstd: unpack it first",
    b"7z\xbc\xaf": "it is a 7z archive: unpack it first",
    b"Rar!": "it is a RAR archive: unpack it first",
    b"\xd0\xcf\x11\xe0": "it is an Excel workbook (.xls): save it as CSV UTF-8",
    b"PAR1": f"it is a Parquet file: {_AS_CSV}",
    b"ARROW1": f"it is a Feather file: {_AS_CSV}",
    b"\x89HDF": f"it is an HDF5 file: {_LINES}",
    b"SQLite format 3": f"it is a database of SQLite: {_LINES}",
    b"\x93NUMPY": "it is a NumPy array: write ids and answers as CSV",
    b"\x89PNG": "it is an image, not a CSV",
    b"GIF8": "it is an image, not a CSV",
    b"\xff\xd8\xff": "it is an image, not a CSV",
    b"%PDF": "it is a PDF, not a CSV",
    b"version https://git-lfs": "it is a pointer of Git LFS: run `git lfs pull`",
} | {bytes((0x80, protocol)): f"it is a pickle: {_AS_CSV}" for protocol in range(2, 6)}
# Of texts, whatever blanks, marks and capitals they begin with.
_TEXTS = {
    b"<!doctype": "it is a web page, not a CSV",
    b"<html": "it is a web page, not a CSV",
    b"<?xml": "it is XML, not a CSV",
    b"{": f"it is JSON, not a CSV: {_AS_CSV}",
    b"[{": f"it is JSON, not a CSV: {_AS_CSV}",
    b"[[": f"it is JSON, not a CSV: {_AS_CSV}",
}
# What a zip holds in a file of which it is the outer form.
_ZIPPED = {
    "xl/": "it is an Excel workbook (.xlsx): save it as CSV UTF-8",
    "content.xml": "it is an OpenDocument spreadsheet: save it as CSV UTF-8",
    "Index/": "it is a Numbers spreadsheet: export it as CSV",
    "word/": "it is a Word document, not a CSV",
    "ppt/": "it is a PowerPoint presentation, not a CSV",
    "model.weights.h5": "it is a Keras model, not its answers",
}
_ZIPPED_ENDS = {
    ".npy": f"it holds NumPy arrays (.npz): {_LINES}",
    "/data.pkl": f"it is a file of PyTorch: {_LINES}",
}
_TAR = 257, b"ustar"
_START = 512


def other_format(path: Path) -> str | None:
    """Return what a file is that is no CSV, and what to do; None where it may be one.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_START)
    place, magic = _TAR
    if start[place:].startswith(magic):
        return "it is a tar archive: unpack it first"
    for beginning, said in _BEGINNINGS.items():
        if start.startswith(beginning):
            return _inside(path) or said
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return next((said for beginning, said in _TEXTS.items() if text.startswith(beginning)), None)


def _inside(path: Path) -> str | None:
    """Return what a zip really is, where it is the outer form of something else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    for part, said in _ZIPPED.items():
        if any(name.startswith(part) for name in names):
            return said
    for end, said in _ZIPPED_ENDS.items():
        if any(name.endswith(end) for name in names):
            return said
    return None

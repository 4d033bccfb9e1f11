"""Codebooks in other people's formats: each module turns a document into its format and back.

What a format cannot say is listed, part by part; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from coding.documents import Document
from curation import codebook_files, files
from curation.faults import BadInput, Fault
from curation.formats import sheets, text, workbook
from curation.formats.redcap import reading as redcap_reading
from curation.formats.redcap import writing as redcap_writing
from curation.formats.said import Reading, Unmapped
from curation.formats.xlsform import reading as xlsform_reading
from curation.formats.xlsform import writing as xlsform_writing

__all__ = ["FORMATS", "Format", "Unmapped", "format_of", "read", "write"]


@dataclass(frozen=True)
class Format:
    """A format by its name, whether it can be printed, and how it is written and read."""

    name: str
    is_text: bool
    write: Callable[[Document], tuple[bytes, list[Unmapped]]]
    read: Callable[[bytes, str], Reading]


FORMATS = {
    each.name: each
    for each in (
        Format("yaml", True, text.write_yaml, text.read_yaml),
        Format("json", True, text.write_json, text.read_json),
        Format("xlsx", False, workbook.write, workbook.read),
        Format("xlsform", False, xlsform_writing.write, xlsform_reading.read),
        Format("redcap", True, redcap_writing.write, redcap_reading.read),
    )
}
_NAMES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".xlsx": "xlsx"}
_NAMES[".csv"] = "redcap"


def format_of(name: str, raw: bytes = b"") -> Format:
    """The format that a file's name ends in; a workbook with a sheet *survey* is an XLSForm."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in _NAMES:
        known = ", ".join(_NAMES)
        rule = f"does not end in {known}: name the format, one of {', '.join(FORMATS)}."
        raise BadInput([Fault("file", PurePath(name).name, rule)])
    if suffix == ".xlsx" and raw and "survey" in sheets.titles(raw, name):
        return FORMATS["xlsform"]
    return FORMATS[_NAMES[suffix]]


def write(document: Document, format_name: str) -> tuple[bytes, list[Unmapped]]:
    """The document in a format, and what the format does not say of it."""
    return FORMATS[format_name].write(document)


def read(raw: bytes, name: str, format_name: str = "") -> tuple[Document, Sequence[Unmapped]]:
    """The sound document in a file, and what of the file it does not hold.

    Raises BadInput with every fault and its place.
    """
    if len(raw) > codebook_files.LARGEST:
        rule = f"is larger than {codebook_files.LARGEST // files.MB} MB: no codebook needs that."
        raise BadInput([Fault(name, "", rule)])
    chosen = FORMATS[format_name] if format_name else format_of(name, raw)
    reading = chosen.read(raw, name)
    return codebook_files.checked(reading.document, reading.places), reading.unmapped

"""What is read from a source, one document at a time, before any of it is cleaned."""

import base64
from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Union


@dataclass
class Record:
    """A document as its source has it: either `text`, or `raw` bytes that are still to be decoded.

    source (str): The file or URL.
    offset (int): The line of JSON lines or CSV, the row of Parquet, both from 1; 1 where a file is one document.
    id (str): The document's id.
    html (bool): Whether it is a page, not plain text.
    meta (Dict[str, Any]): What is known about it; passes through to the result.
    """

    source: str
    offset: int
    id: str
    text: Optional[str] = None
    raw: Optional[bytes] = None
    html: bool = False
    meta: Dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> Dict[str, Any]:
        data: Dict[str, Any] = {"source": self.source, "offset": self.offset, "id": self.id}
        if self.text is not None:
            data["text"] = self.text
        if self.raw is not None:
            data["raw"] = base64.b64encode(self.raw).decode("ascii")
        if self.html:
            data["html"] = True
        if self.meta:
            data["meta"] = self.meta
        return data


@dataclass
class SetAside:
    """A document, or a file from some place on, that nothing could be extracted from.

    id (Optional[str]): None if it was not known yet.
    reason (str): One line.
    """

    source: str
    offset: int
    id: Optional[str]
    reason: str

    def to_json(self) -> Dict[str, Any]:
        return {"source": self.source, "offset": self.offset, "id": self.id, "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.source}:{self.offset}: {self.reason}"


def from_json(data: Dict[str, Any]) -> Union[Record, SetAside]:
    """The inverse of both `to_json`."""
    if "reason" in data:
        return SetAside(**data)
    if "raw" in data:
        data["raw"] = base64.b64decode(data["raw"])
    return Record(**data)


class Unusable(Exception):
    """A document that nothing can be extracted from. The message is the reason, in one line."""

"""From bytes to text where nobody says which character set it is."""

import codecs
import re
from typing import Optional, Tuple

from .record import Unusable

BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Text in a language of Western Europe has one letter in twenty outside ASCII, in Greek or Russian nearly all.
WESTERN_SHARE = 0.15
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")


def decode(raw: bytes, declared: Optional[str] = None) -> Tuple[str, Optional[str]]:
    """Decode by byte order mark, else as declared, else as strict UTF-8. What remains is guessed: cp1252 if the bytes look
    like a Western language, and else what charset-normalizer finds, which takes one Western set for another.

    declared (Optional[str]): A character set that Python knows.
    RETURNS (Tuple[str, Optional[str]]): The text, and the character set if it was guessed.
    RAISES: Unusable if it is no text in any character set.
    """
    for mark, encoding in BOMS.items():
        if raw.startswith(mark):
            declared = encoding
            break
    for encoding in filter(None, (declared, "utf-8")):
        try:
            return raw.decode(encoding), None
        except UnicodeDecodeError:
            continue
    letters = sum(1 for byte in raw if byte > 0x40)
    if sum(1 for byte in raw if byte > 0x7F) <= WESTERN_SHARE * letters:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            pass
        else:
            if not CONTROL.search(text):
                return text, "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    text = None if best is None else str(best)
    if text is None or CONTROL.search(text):
        raise Unusable("undecodable bytes: neither UTF-8 nor any other character set: name it with --encoding")
    return text, best.encoding

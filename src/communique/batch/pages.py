"""The article in a web page."""

from typing import Dict, Optional, Tuple

from .charsets import decode
from .record import Unusable

MODULES = ("trafilatura", "lxml_html_clean", "w3lib")


def read_page(raw: bytes, declared: Optional[str] = None) -> Tuple[str, Dict[str, str], Optional[str]]:
    """Take the article out of a page with trafilatura (Barbaresi 2021), without comments and tables.

    raw (bytes): The page. It is decoded here, because trafilatura would pass over the character set that it declares.
    declared (Optional[str]): The character set of pages that declare none.
    RETURNS (Tuple[str, Dict[str, str], Optional[str]]): The text, `title` and `date` as far as they are found, and the
        character set if it was guessed.
    RAISES: Unusable if there is no article.
    """
    from trafilatura import bare_extraction
    from w3lib.encoding import html_body_declared_encoding

    html, guessed = decode(raw, html_body_declared_encoding(raw) or declared)
    try:
        page = bare_extraction(
            html.replace("\x00", ""),
            with_metadata=True,
            include_comments=False,
            include_tables=False,
            favor_precision=True,
            # An upper bound of its own, for by default it is today, and the same page would get another date tomorrow.
            date_extraction_params={"original_date": True, "extensive_search": True, "max_date": "2100-01-01"},
        )
    except Exception as error:  # whatever lxml and the date finder meet in the wild
        raise Unusable(f"not a readable page: {type(error).__name__}: {error}") from error
    if page is None or not page.text:
        raise Unusable("no article in this page")
    known = {key: getattr(page, key) for key in ("title", "date") if getattr(page, key)}
    return page.text, known, guessed

"""A component that marks names of organisations and treaties known beforehand."""

from pathlib import Path
from typing import Callable, Iterable, Optional, Union

import srsly
from spacy.language import Language
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc
from spacy.training import Example


@Language.factory("known_names", assigns=["doc.ents"], default_config={"phrase_matcher_attr": None})
def make_known_names(nlp: Language, name: str, phrase_matcher_attr: Optional[Union[int, str]]) -> "KnownNames":
    """Construct a KnownNames component. Its patterns come from the file in `initialize.components.known_names`.

    phrase_matcher_attr (Optional[Union[int, str]]): Token attribute to compare; None for the exact text.
    """
    return KnownNames(nlp, name, phrase_matcher_attr=phrase_matcher_attr, overwrite_ents=True)


class KnownNames(EntityRuler):
    """An entity ruler behind a recognizer: a known name replaces the mentions that it overlaps, unless it is only a
    part of one. `Collective Security Treaty Organisation` is no treaty, but the treaty inside of which the
    name of a union stands stays whole."""

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        path: Optional[Path] = None,
    ) -> None:
        """Read the patterns.

        path (Optional[Path]): JSON lines with `label` and `pattern`, as an entity ruler takes them.
        """
        self.clear()
        if path is not None:
            self.add_patterns(list(srsly.read_jsonl(path)))

    def set_annotations(self, doc: Doc, matches) -> None:
        whole = [(ent.start, ent.end) for ent in doc.ents]
        super().set_annotations(
            doc,
            [
                (key, start, end)
                for key, start, end in matches
                if not any(s <= start and end <= e and e - s > end - start for s, e in whole)
            ],
        )

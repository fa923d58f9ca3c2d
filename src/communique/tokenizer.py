"""spaCy's English tokenizer, which also cuts where diplomatic prose joins names: `U.S.-Chinese`, `G7-led`, `US-`."""

from typing import Callable

from spacy.lang.char_classes import ALPHA
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.util import compile_infix_regex, compile_suffix_regex, registry

INFIXES = (rf"(?<=[{ALPHA}]\.)[-–—/](?=[{ALPHA}])", rf"(?<=[0-9])[-–—/](?=[{ALPHA}])", rf"(?<=[{ALPHA}])[–—](?=[0-9])")
SUFFIXES = (rf"(?<=[{ALPHA}.])-",)


@registry.tokenizers("communique.Tokenizer.v1")
def create_tokenizer() -> Callable[[Language], Tokenizer]:
    """A tokenizer whose tokens never hold two names of states. Its rules are saved with the pipeline."""

    def tokenizer_factory(nlp: Language) -> Tokenizer:
        tokenizer = registry.tokenizers.get("spacy.Tokenizer.v1")()(nlp)
        tokenizer.infix_finditer = compile_infix_regex((*nlp.Defaults.infixes, *INFIXES)).finditer
        tokenizer.suffix_search = compile_suffix_regex((*nlp.Defaults.suffixes, *SUFFIXES)).search
        return tokenizer

    return tokenizer_factory

"""Each mistake of a pipeline, in its sentence."""

from typing import Dict, Iterator, List, Tuple

from ..document import Document
from .metrics import EntityKey, entity_keys, relation_keys


def list_mistakes(gold: List[Document], predicted: List[Document]) -> Iterator[str]:
    """Lines to read: a sentence, and under it what is missed (-), made up (+) or half right (~)."""
    for gold_document, document in zip(gold, predicted):
        by_sentence: Dict[Tuple[int, int], List[str]] = {}
        for offset, line in (*_entity_mistakes(gold_document, document), *_relation_mistakes(gold_document, document)):
            sent = next(
                ((s, e) for s, e in gold_document.sents if s <= offset < e), (0, len(gold_document.text))
            )
            by_sentence.setdefault(sent, []).append(line)
        for (start, end), lines in sorted(by_sentence.items()):
            yield f"{gold_document.id}: {' '.join(gold_document.text[start:end].split())}"
            yield from (f"    {line}" for line in lines)
            yield ""


def _entity_mistakes(gold_document: Document, document: Document) -> Iterator[Tuple[int, str]]:
    text = gold_document.text
    gold, predicted = entity_keys(gold_document), entity_keys(document)
    spans = {(start, end): label for start, end, label in gold}
    for start, end, label in sorted(predicted - gold):
        if (start, end) in spans:
            yield start, f"~ [{text[start:end]}] is {spans[(start, end)]}, not {label}"
        else:
            yield start, f"+ [{text[start:end]}] {label}"
    found = {(start, end) for start, end, _ in predicted}
    for start, end, label in sorted(gold - predicted):
        if (start, end) not in found:
            yield start, f"- [{text[start:end]}] {label}"


def _relation_mistakes(gold_document: Document, document: Document) -> Iterator[Tuple[int, str]]:
    text = gold_document.text
    gold, predicted = relation_keys(gold_document), relation_keys(document)

    def written(head: EntityKey, label: str, tail: EntityKey) -> str:
        return f"[{text[head[0]:head[1]]}] {label} [{text[tail[0]:tail[1]]}]"

    for (head, tail, label), factuality in sorted(predicted.items()):
        right = gold.get((head, tail, label))
        if right is None:
            yield head[0], f"+ {written(head, label, tail)} {factuality}"
        elif right != factuality:
            yield head[0], f"~ {written(head, label, tail)} is {right}, not {factuality}"
    for (head, tail, label), factuality in sorted(gold.items()):
        if (head, tail, label) not in predicted:
            yield head[0], f"- {written(head, label, tail)} {factuality}"

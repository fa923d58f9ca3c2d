"""What a large pipeline tells a small one: relations with probabilities on gold documents, and whole annotations of plain texts."""

from pathlib import Path
from typing import Annotated, Any, Dict, Iterator, List, Optional, Tuple

import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from communique.corpus.files import blank_pipeline, read_documents
from communique.docs import to_doc
from communique.pipeline.relation_extractor import RelationExtractor

GIVEN = {"doc.ents", "doc.sents", "token.is_sent_start"}


def main(
    teacher: Annotated[Path, typer.Argument(help="Folder of the large pipeline.")],
    gold: Annotated[Path, typer.Argument(help="The documents that it was trained on.")],
    output: Annotated[Path, typer.Argument(help="Where the documents go, with its relations, as a DocBin.")],
    plain: Annotated[Optional[Path], typer.Option(help="Folder of plain texts to annotate as a whole.")] = None,
    gold_weight: Annotated[float, typer.Option(min=0, max=1, help="The part that the readers' word has in a probability.")] = 0.5,
    least: Annotated[float, typer.Option(help="Relations less likely than that are left out.")] = 0.05,
) -> None:
    """Write documents whose relations have a probability each, for the small pipeline to learn from: that of the teacher
    on gold entities, averaged with what the readers say; and that of the teacher alone on the plain texts."""
    nlp = spacy.load(teacher)
    extractor = next(pipe for _, pipe in nlp.pipeline if isinstance(pipe, RelationExtractor))
    extractor.thresholds = {label: least for label in extractor.labels}
    symmetric = extractor.cfg["symmetric"]
    blank = blank_pipeline()
    docs = [to_doc(document, blank) for document in read_documents(gold)]
    taught = [averaged(doc, read, gold_weight, least, symmetric) for doc, read in zip(docs, on_gold_entities(nlp, docs))]
    n_gold = len(taught)
    if plain is not None:
        texts = [path.read_text(encoding="utf8") for path in sorted(plain.glob("*.txt"))]
        taught.extend(nlp.pipe(texts))
    output.parent.mkdir(parents=True, exist_ok=True)
    DocBin(store_user_data=True, docs=taught).to_disk(output)
    n_relations = sum(len(doc._.relations) for doc in taught)
    print(f"{n_gold} gold documents, {len(taught) - n_gold} plain ones, {n_relations} relations in {output}")


def on_gold_entities(nlp: Language, docs: List[Doc]) -> Iterator[Doc]:
    """Copies of the docs, with the relations that the pipeline sees between their entities."""
    copies = []
    for doc in docs:
        copy = Doc(nlp.vocab).from_bytes(doc.to_bytes())
        copy._.relations = None
        copies.append(copy)
    with nlp.select_pipes(disable=[name for name in nlp.pipe_names if GIVEN & set(nlp.get_pipe_meta(name).assigns)]):
        yield from nlp.pipe(copies)


def averaged(doc: Doc, read: Doc, weight: float, least: float, symmetric: List[str]) -> Doc:
    """The doc, with the relations of the readers and of the teacher and the mean of their probabilities."""

    def key(relation: Dict[str, Any]) -> Tuple[Any, ...]:
        ends = tuple(relation["head"]), tuple(relation["tail"])
        return (relation["label"], *(sorted(ends) if relation["label"] in symmetric else ends))

    guesses = {key(relation): relation for relation in read._.relations}
    relations = []
    for relation in doc._.relations:
        guess = guesses.pop(key(relation), None)
        score = weight + (1 - weight) * (0.0 if guess is None else guess["score"])
        relations.append({**relation, "score": score})
    for guess in guesses.values():
        relations.append({**guess, "score": (1 - weight) * guess["score"]})
    doc._.relations = [relation for relation in relations if relation["score"] >= least]
    return doc


if __name__ == "__main__":
    typer.run(main)

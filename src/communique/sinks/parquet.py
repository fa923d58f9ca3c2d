"""Apache Parquet: one row a document, entities and relations as lists of structs."""

import json
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Dict, Iterable

from ..document import Document
from .sink import Sink
from .things import find_things

ROWS = 500


class ParquetSink(Sink):
    """Each relation says the texts, labels and keys of its ends and its sentence, so that a query needs no join."""

    suffix = ".parquet"
    extra = "parquet"
    modules = ("pyarrow",)

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        documents = iter(documents)
        with pq.ParquetWriter(path, schema(), compression="zstd") as writer:
            while rows := [_row(document) for document in islice(documents, ROWS)]:
                writer.write_table(pa.Table.from_pylist(rows, schema()))


@cache
def schema():
    """RETURNS (pyarrow.Schema): The columns, the same for any input. `start`, `end` and `sent` count code points of `text`;
    `head`, `tail` and `date` of a relation are indexes into `entities`, from 0."""
    import pyarrow as pa

    def required(name: str, type: pa.DataType) -> pa.Field:
        return pa.field(name, type, nullable=False)

    entity = pa.struct(
        [
            required("start", pa.int32()),
            required("end", pa.int32()),
            required("text", pa.string()),
            required("label", pa.string()),
            pa.field("cluster", pa.int32()),
            pa.field("kb_id", pa.string()),
            pa.field("name", pa.string()),
            pa.field("state", pa.string()),
            required("key", pa.string()),
        ]
    )
    relation = pa.struct(
        [
            required("head", pa.int32()),
            required("head_text", pa.string()),
            required("head_label", pa.string()),
            required("head_key", pa.string()),
            required("label", pa.string()),
            required("tail", pa.int32()),
            required("tail_text", pa.string()),
            required("tail_label", pa.string()),
            required("tail_key", pa.string()),
            required("factuality", pa.string()),
            pa.field("date", pa.int32()),
            pa.field("date_text", pa.string()),
            pa.field("date_iso", pa.string()),
            pa.field("score", pa.float64()),
            pa.field("sent_start", pa.int32()),
            pa.field("sent_end", pa.int32()),
            pa.field("sentence", pa.string()),
        ]
    )
    return pa.schema(
        [
            required("id", pa.string()),
            pa.field("title", pa.string()),
            pa.field("published", pa.date32()),
            required("text", pa.string()),
            required("meta", pa.string()),
            required("entities", pa.list_(required("element", entity))),
            required("relations", pa.list_(required("element", relation))),
        ]
    )


def _row(document: Document) -> Dict[str, Any]:
    things = find_things(document)
    entities, relations = [], []
    for e, thing in zip(document.entities, things):
        entities.append(
            {
                "start": e.start,
                "end": e.end,
                "text": e.text,
                "label": e.label,
                "cluster": e.cluster,
                "kb_id": e.kb_id,
                "name": e.name,
                "state": e.state,
                "key": thing.id,
            }
        )
    for r in document.relations:
        head, tail = document.entities[r.head], document.entities[r.tail]
        start, end = r.sent or (None, None)
        relations.append(
            {
                "head": r.head,
                "head_text": head.text,
                "head_label": head.label,
                "head_key": things[r.head].id,
                "label": r.label,
                "tail": r.tail,
                "tail_text": tail.text,
                "tail_label": tail.label,
                "tail_key": things[r.tail].id,
                "factuality": r.factuality,
                "date": r.date,
                "date_text": None if r.date is None else document.entities[r.date].text,
                "date_iso": r.date_iso,
                "score": r.score,
                "sent_start": start,
                "sent_end": end,
                "sentence": None if r.sent is None else document.text[start:end],
            }
        )
    title = document.meta.get("title")
    return {
        "id": document.id,
        "title": title if isinstance(title, str) else None,
        "published": document.published,
        "text": document.text,
        "meta": json.dumps(document.meta, ensure_ascii=False),
        "entities": entities,
        "relations": relations,
    }

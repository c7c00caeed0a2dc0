"""`dag --dot`."""

from __future__ import annotations

from collections.abc import Iterator

from tools.graph.dot import DotNode, dot_lines
from tools.looking.documents import Document, short_device, short_entry
from tools.text.dag import summary
from tools.text.dag_labels import begins_beyond, title


def dag_dot(document: Document) -> Iterator[str]:
    """The lines of the file."""
    clusters = list(dict.fromkeys(lane["device"] for lane in document["lanes"]))
    names = {lane["device"]: short_device(lane) for lane in document["lanes"]}
    nodes = [_node(document, node, clusters.index(node["device"])) for node in document["nodes"]]
    said = summary(document)
    if document["older"] or document["newer"]:
        said += f"\n{document['shown']:,} are shown, {document['older']:,} older and {document['newer']:,} newer ones are not."
    return dot_lines(said, [names[cluster] for cluster in clusters], nodes)


def _node(document: Document, node: Document, cluster: int) -> DotNode:
    marks = {
        "head": node["head"],
        "void": str(node["verdict"]).endswith("void"),
        "waiting": node["verdict"] in ("waiting", "detached"),
        "stub": node["stub"],
        "beyond": begins_beyond(document, node),
    }
    return DotNode(
        cluster=cluster,
        kind=node["kind"],
        label=f"{short_entry(node)}\n{node['kind']}",
        tooltip=title(node),
        parents=tuple(node["after"]),
        marks=frozenset(mark for mark, is_so in marks.items() if is_so),
    )

"""An XMP packet as a document that is changed property by property. All that isn't changed stays: properties nobody here knows, their prefixes,
comments and processing instructions.

What is set stands afterwards in one ``rdf:Description`` of its own, behind the others and about the same resource; wherever it stood before, as an
attribute or as an element, it is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from xml.dom.minidom import Document, Element, Node
from xml.parsers.expat import ExpatError

from defusedxml.minidom import parseString

from peer.media.xmp import NAMESPACES, RDF, NotXmpError, XmpValue, parse_packet, without_padding

_XML = "http://www.w3.org/XML/1998/namespace"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"></rdf:RDF></x:xmpmeta>\n'
    '<?xpacket end="w"?>'
)
_DEFAULT_LANGUAGE = "x-default"
_NO_XML_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTES = _IN_TEXT | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class XmpDocument:
    """One packet. ``said`` is what it said when it was read, ``changed`` whether it says something else by now."""

    def __init__(self, packet: bytes | None = None) -> None:
        """An empty packet when there is none; ``NotXmpError`` for what isn't one."""
        self.said: dict[str, XmpValue] = {} if packet is None else parse_packet(packet)
        self.changed = packet is None
        try:
            self._document: Document = parseString(_EMPTY.encode() if packet is None else without_padding(packet), forbid_dtd=True)
        except (ExpatError, ValueError) as error:
            raise NotXmpError("it names a namespace with blanks, which can't be kept") from error
        self._root: Element = self._document.getElementsByTagNameNS(RDF, "RDF")[0]
        self._own: Element | None = None

    def set_text(self, name: str, text: str) -> None:
        """Sets a simple property."""
        self.remove(name)
        self._own_description().appendChild(self._element(name, text))

    def set_bag(self, name: str, items: Sequence[str | XmpValue]) -> None:
        """Sets an unordered array."""
        self.remove(name)
        self._own_description().appendChild(self._filled(name, list(items)))

    def set_structure(self, name: str, members: dict[str, XmpValue]) -> None:
        """Sets a structure; arrays in it are unordered."""
        self.remove(name)
        self._own_description().appendChild(self._filled(name, members))

    def set_default_language(self, name: str, text: str) -> None:
        """Sets what an array of languages says to everybody; what it says in single languages stays."""
        others = [item for item in self._items(name) if item.getAttributeNS(_XML, "lang") not in ("", _DEFAULT_LANGUAGE)]
        self.remove(name)
        item = self._element("rdf:li", text)
        item.setAttributeNS(_XML, "xml:lang", _DEFAULT_LANGUAGE)
        array = self._element("rdf:Alt")
        for child in (item, *others):
            array.appendChild(child)
        self._own_description().appendChild(self._element(name)).appendChild(array)

    def keep_items(self, name: str, keep: Callable[[str], bool]) -> None:
        """Takes those items of an array out whose text isn't one to ``keep``, and the property with the last."""
        items = list(self._items(name))
        leaving = [item for item in items if not keep(_text_in(item).strip())]
        if leaving and len(leaving) == len(items):
            self.remove(name)
            return
        for item in leaving:
            _taken_out(item)
            self.changed = True

    def remove(self, name: str) -> None:
        """Takes a property out, wherever it stands."""
        namespace, local = _split(name)
        for description in list(self._descriptions()):
            standing: list[Element] = [
                child for child in _elements(description) if (child.namespaceURI, child.localName) == (namespace, local)
            ]
            for element in standing:
                _taken_out(element)
            as_attribute = description.hasAttributeNS(namespace, local)
            if as_attribute:
                description.removeAttributeNS(namespace, local)
            if standing or as_attribute:
                self.changed = True
                if description is not self._own and _says_nothing(description):
                    _taken_out(description)

    def to_bytes(self) -> bytes:
        """The packet in UTF-8."""
        return "\n".join("".join(_written(node)) for node in self._document.childNodes).encode()

    def _descriptions(self) -> Iterator[Element]:
        for element in _elements(self._root):
            if (element.namespaceURI, element.localName) == (RDF, "Description"):
                yield element

    def _items(self, name: str) -> Iterator[Element]:
        namespace, local = _split(name)
        for description in self._descriptions():
            for element in _elements(description):
                if (element.namespaceURI, element.localName) == (namespace, local):
                    for array in _elements(element):
                        yield from _elements(array)

    def _own_description(self) -> Element:
        self.changed = True
        if self._own is None:
            about = next((description.getAttributeNS(RDF, "about") for description in self._descriptions()), "")
            self._own = self._element("rdf:Description")
            self._own.setAttributeNS(_XMLNS, "xmlns:rdf", RDF)
            self._own.setAttributeNS(RDF, "rdf:about", about)
            self._root.appendChild(self._own)
        return self._own

    def _element(self, name: str, text: str = "") -> Element:
        """An element, whose prefix is declared where it will stand."""
        prefix = name.partition(":")[0]
        if self._own is not None and prefix != "rdf":
            self._own.setAttributeNS(_XMLNS, f"xmlns:{prefix}", NAMESPACES[prefix])
        element = self._document.createElementNS(_split(name)[0], name)
        if text:
            element.appendChild(self._document.createTextNode(_NO_XML_TEXT.sub(" ", text)))
        return element

    def _filled(self, name: str, value: XmpValue) -> Element:
        if isinstance(value, str):
            return self._element(name, value)
        element = self._element(name)
        if isinstance(value, dict):
            element.setAttributeNS(RDF, "rdf:parseType", "Resource")
            for member, part in value.items():
                element.appendChild(self._filled(member, part))
        else:
            array = element.appendChild(self._element("rdf:Bag"))
            for item in value:
                array.appendChild(self._filled("rdf:li", item))
        return element


def _split(name: str) -> tuple[str, str]:
    prefix, _, local = name.partition(":")
    return (RDF if prefix == "rdf" else NAMESPACES[prefix]), local


def _elements(parent: Element) -> Iterator[Element]:
    for node in list(parent.childNodes):
        if isinstance(node, Element):
            yield node


def _taken_out(element: Element) -> None:
    if element.parentNode is not None:
        element.parentNode.removeChild(element)


def _says_nothing(description: Element) -> bool:
    """Whether it has no property left."""
    attributes = [attribute for attribute in description.attributes.values() if attribute.namespaceURI not in (_XMLNS, RDF, _XML)]
    return not attributes and not any(True for _ in _elements(description))


def _text_in(element: Element) -> str:
    return "".join(node.data for node in element.childNodes if node.nodeType in (Node.TEXT_NODE, Node.CDATA_SECTION_NODE))


def _written(node: Node) -> Iterator[str]:
    """The node as XML. Unlike ``toxml`` this keeps line ends in attributes, which would be read back as blanks."""
    if isinstance(node, Element):
        attributes = "".join(f' {attribute.name}="{attribute.value.translate(_IN_ATTRIBUTES)}"' for attribute in node.attributes.values())
        if not node.childNodes:
            yield f"<{node.tagName}{attributes}/>"
            return
        yield f"<{node.tagName}{attributes}>"
        for child in node.childNodes:
            yield from _written(child)
        yield f"</{node.tagName}>"
    elif node.nodeType in (Node.TEXT_NODE, Node.CDATA_SECTION_NODE):
        yield str(node.nodeValue).translate(_IN_TEXT)
    else:
        yield node.toxml()

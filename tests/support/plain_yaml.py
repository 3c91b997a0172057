"""Reads the YAML of this repository's own manifests: block maps and lists, flow maps and lists of
plain words, literal blocks. No anchors, no tags, no multi-line scalars; anything else is an error."""

import re


def load_all(text):
    """The documents of `text`."""
    return [Document(part).read() for part in re.split(r"^---$", text, flags=re.M) if part.strip()]


def scalar(text):
    """A plain or quoted word, or a flow collection."""
    value, rest = flow(text.strip())
    if rest.strip():
        raise ValueError(f"can't read {text!r}")
    return value


def flow(text):
    if text[:1] in "[{" and text:
        closing, made = {"[": "]", "{": "}"}[text[0]], [] if text[0] == "[" else {}
        rest = text[1:].lstrip()
        while not rest.startswith(closing):
            if isinstance(made, list):
                value, rest = flow(rest)
                made.append(value)
            else:
                key, rest = rest.split(":", 1)
                made[key.strip()], rest = flow(rest.lstrip())
            rest = rest.lstrip()
            if rest.startswith(","):
                rest = rest[1:].lstrip()
            elif not rest.startswith(closing):
                raise ValueError(f"expected , or {closing} at {rest!r}")
        return made, rest[1:]
    if text[:1] in "\"'" and text:
        end = text.index(text[0], 1)
        return text[1:end], text[end + 1:]
    end = re.search(r"[],}]|$", text).start()
    return typed(text[:end].strip()), text[end:]


def typed(word):
    known = {"true": True, "false": False, "null": None, "": None}
    if word in known:
        return known[word]
    return int(word) if re.fullmatch(r"-?\d+", word) else word


class Document:
    def __init__(self, text):
        self.lines = []
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                self.lines.append((len(line) - len(line.lstrip()), line.strip()))

    def read(self):
        made = self.block(self.lines[0][0])
        if self.lines:
            raise ValueError(f"can't read {self.lines[0]}")
        return made

    def block(self, indent):
        return self.sequence(indent) if self.lines[0][1].startswith("- ") else self.mapping(indent)

    def sequence(self, indent):
        made = []
        while self.lines and self.lines[0][0] == indent and self.lines[0][1].startswith("- "):
            content = self.lines[0][1][2:].lstrip()
            inner = indent + len(self.lines[0][1]) - len(content)
            if re.match(r"[\w./-]+:( |$)", content):
                self.lines[0] = (inner, content)
                made.append(self.mapping(inner))
            else:
                self.lines.pop(0)
                made.append(scalar(content))
        return made

    def mapping(self, indent):
        made = {}
        while self.lines and self.lines[0][0] == indent:
            key, found, value = self.lines.pop(0)[1].partition(":")
            if not found:
                raise ValueError(f"{key!r} is no key")
            made[key] = self.value(indent, value.strip())
        return made

    def value(self, indent, text):
        deeper = bool(self.lines) and self.lines[0][0] > indent
        if text == "|":
            taken = []
            while self.lines and self.lines[0][0] > indent:
                taken.append(" " * self.lines[0][0] + self.lines[0][1])
                self.lines.pop(0)
            return "\n".join(taken)
        if text:
            return scalar(text)
        is_list = bool(self.lines) and self.lines[0][0] == indent
        if deeper or (is_list and self.lines[0][1].startswith("- ")):
            return self.block(self.lines[0][0])
        return None

"""Comments cite facts of the wire as `docs/wire/seldon.md §3`: each of these sections is there."""

import pathlib
import re
import sys

SOURCES = {".cpp", ".hpp", ".py", ".proto", ".txt", ".cmake"}
# Folders that are built or hidden, and data that tests feed in.
SKIPPED = re.compile(r"\..*|build(-\w+)*|data|corpus")
# What a citation may go on to at the end of a line.
COMMENT = re.compile(r"\n\s*(?:///?<?|#)?[ \t]*")
DOCUMENT = re.compile(r"docs/(?:[a-z0-9_]+/)*[a-z0-9_]+\.md")
CITATION = re.compile(r"(docs/wire/[a-z0-9_]+\.md)((?:,? (?:to )?§ ?\d+)+)")
HEADING = re.compile(r"^## (\d+)\. ", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
# Notes that are not in the repository.
FOREIGN = re.compile(r"(?:\bcontract/|\bcontract )[a-z_]+\.md|\bdesign(?:\.md| §)", re.IGNORECASE)


def files(folder, suffixes):
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if not SKIPPED.fullmatch(path.name):
                yield from files(path, suffixes)
        elif path.suffix in suffixes and path.name != pathlib.Path(__file__).name:
            yield path


def sections(citations):
    """The numbers in ` §1, §3 to §5`."""
    found = []
    for to, number in re.findall(r"(to )?§ ?(\d+)", citations):
        found += range(found[-1] + 1 if to else int(number), int(number) + 1)
    return found


def anchor(heading):
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def violations(root):
    headings = {}
    for path in sorted((root / "docs" / "wire").glob("*.md")):
        numbers = [int(number) for number in HEADING.findall(path.read_text(encoding="utf-8"))]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{path}: the sections are numbered {numbers}"
        headings[f"docs/wire/{path.name}"] = numbers
    if not headings:
        yield f"{root}/docs/wire: there is nothing"

    cited = 0
    for path in files(root, SOURCES):
        text = path.read_text(encoding="utf-8", errors="replace")
        joined = COMMENT.sub(" ", text)
        for name in sorted(set(DOCUMENT.findall(joined))):
            if not (root / name).is_file():
                yield f"{path}: cites {name}, which isn't there"
        for name, numbers in CITATION.findall(joined):
            cited += 1
            for number in sections(numbers):
                if number not in headings.get(name, []):
                    yield f"{path}: cites {name} §{number}, which isn't there"
        for found in FOREIGN.findall(joined):
            yield f"{path}: cites {found!r}, which isn't in the repository"
    if cited == 0:
        yield "no source cites docs/wire: is the form of citations another one now?"

    for path in sorted((root / "docs" / "wire").glob("*.md")):
        for name, section in LINK.findall(path.read_text(encoding="utf-8")):
            if "://" in name:
                continue
            target = path.parent / name if name else path
            if not target.exists():
                yield f"{path}: links to {name}, which isn't there"
            elif section:
                lines = target.read_text(encoding="utf-8").splitlines()
                anchors = {anchor(line.lstrip("#")) for line in lines if line.startswith("#")}
                if section not in anchors:
                    yield f"{path}: links to {name}#{section}, which isn't there"


def main():
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "every citation leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-2.0-or-later
"""The sources as the rules see them: paths relative to the root, text with comments and strings blanked out."""
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

FOLDERS = ("dataplane", "config", "control", "bench", "tests")
SOURCES = (".c", ".h", ".def", ".py", ".sh", ".build")
# Comments, string and character literals; a quote inside a comment and the other way round must not mislead.
NOISE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", re.DOTALL)


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    text: str  # what is wrong and how to mend it

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def blank(match):
    """Keeps the line breaks, so that line numbers stay right."""
    return "".join("\n" if c == "\n" else " " for c in match.group())


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    lines: int
    parameters: int


@dataclass
class Source:
    root: Path
    path: str
    text: str = field(repr=False)

    @cached_property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def code(self):
        """The text without comments and strings."""
        return NOISE.sub(blank, self.text)

    @cached_property
    def code_lines(self):
        return self.code.splitlines()

    @cached_property
    def includes(self):
        """(line, name, quoted) of each #include."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                found.append((number, match.group(2), match.group(1) == '"'))
        return found

    @cached_property
    def functions(self):
        """Relies on the format check: a function's braces, and nothing else, stand alone in the first column."""
        found, opened = [], None
        for number, line in enumerate(self.code_lines, 1):
            if line.rstrip() == "{":
                opened = number
            elif line.rstrip() == "}" and opened:
                found.append(self.function_at(opened, number))
                opened = None
        return [function for function in found if function]

    def function_at(self, opened, closed):
        begin = opened - 1
        while begin > 0 and re.match(r"[\s\w(,*)\[\]]", self.code_lines[begin - 1]):
            if not self.code_lines[begin - 1].strip() or self.code_lines[begin - 1].rstrip().endswith((";", "}")):
                break
            begin -= 1
        signature = " ".join(self.code_lines[begin : opened - 1])
        match = re.search(r"(\w+)\s*\((.*)\)[^)]*$", signature)
        if not match:
            return None
        return Function(match.group(1), begin + 1, closed - begin, count_parameters(match.group(2)))

    def search(self, pattern):
        """(line, match) for each place in the code, comments and strings left out."""
        for number, line in enumerate(self.code_lines, 1):
            for match in re.finditer(pattern, line):
                yield number, match


def count_parameters(text):
    if text.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for char in text:
        depth += (char in "([") - (char in ")]")
        count += char == "," and depth == 0
    return count


class Tree:
    def __init__(self, root):
        self.root = Path(root)

    @cached_property
    def sources(self):
        found = []
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*")):
                named = path.suffix in SOURCES or path.name == "meson.build"
                if named and path.is_file() and "__pycache__" not in path.parts:
                    found.append(Source(self.root, str(path.relative_to(self.root)), path.read_text()))
        for name in ("run", "meson.build", ".ci/run"):
            if (self.root / name).exists():
                found.append(Source(self.root, name, (self.root / name).read_text()))
        return found

    @cached_property
    def c_files(self):
        return [source for source in self.sources if source.path.endswith((".c", ".h"))]

    @cached_property
    def product(self):
        """The C files and tables that end in the daemon or the CLI."""
        folders = ("dataplane/", "config/", "control/")
        endings = (".c", ".h", ".def")
        return [s for s in self.sources if s.path.startswith(folders) and s.path.endswith(endings)]

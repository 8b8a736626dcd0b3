"""Words refused before anybody is told anything with them: syntax, fields, and what a notice must say."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError, meta, nodes

from services.feedback.adapters.text_files import FACTS, Sources
from services.feedback.domain.notices import OF_ALL, Kind, Notice, may_say, must_say
from services.feedback.usecases.ports import Agency
from services.feedback.usecases.preview_notices import (
    LANGUAGES,
    SAMPLE_AGENCY,
    SAMPLES,
    Language,
    TextFault,
)

Render = Callable[[Template, Notice, Agency, Language], str]
InWords = Callable[..., object]
TAKING_IN = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


@dataclass(frozen=True, slots=True)
class Scope:
    """The texts that are somebody's own, and all that they may take in."""

    own: Sources
    sources: Sources

    def is_own(self, name: str) -> bool:
        return any(f"{name}.{language}.txt" in self.own for language in LANGUAGES)


def check_written(scope: Scope, environment: Environment) -> list[TextFault]:
    """What can be known without writing a notice: each text can be read, and names fields there are."""
    faults: list[TextFault] = []
    for name, source in scope.own.items():
        try:
            tree = environment.parse(source.words, name, source.file)
            environment.compile(source.words, name, source.file)
        except TemplateSyntaxError as error:
            faults.append(TextFault(source.file, error.message or "syntax", error.lineno))
            continue
        faults += [replace(fault, file=source.file) for fault in _unknown(name, tree, scope)]
    return faults


def _unknown(name: str, tree: nodes.Template, scope: Scope) -> Iterator[TextFault]:
    what = name.split(".")[0]
    known = OF_ALL if what == FACTS else may_say(Kind(what))
    strange = meta.find_undeclared_variables(tree) - known
    for node in tree.find_all(nodes.Name):
        if node.name in strange:
            rule = f"no such field; a text of {what} may use: {', '.join(sorted(known))}"
            yield TextFault(name, rule, node.lineno, node.name)
    for taking in tree.find_all(TAKING_IN):
        wanted = getattr(dict(taking.iter_fields())["template"], "value", None)
        if wanted not in scope.sources:
            rule = f"a text takes in only texts there are, not {wanted!r}"
            yield TextFault(name, rule, taking.lineno)


def check_rendered(
    scope: Scope,
    templates: Mapping[tuple[Kind, Language], Template],
    render: Render,
    in_words: InWords,
) -> list[TextFault]:
    """Every shape is written, and says what it must: agency, handler and times (rule 31)."""
    faults: dict[TextFault, None] = {}
    for (kind, language), template in templates.items():
        file = scope.sources[f"{kind}.{language}.txt"].file
        for sample in (one for one in SAMPLES if one.kind is kind):
            try:
                text = render(template, sample, SAMPLE_AGENCY, language)
            # Whatever a text does wrong when it writes is its own fault, of any kind.
            except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                rule = f"it cannot write {_shape(sample)}: {error}"
                faults[TextFault(file, rule, _line(error, file))] = None
                continue
            for field in _left_out(text, sample, language, in_words):
                rule = f"it is left out, and must be said (rule 31; NĐ 224/2026 art. 15) of {kind}"
                faults[TextFault(file, rule, None, field)] = None
    return list(faults)


def _left_out(text: str, sample: Notice, language: Language, in_words: InWords) -> Iterator[str]:
    for field in sorted(must_say(sample.kind)):
        value = SAMPLE_AGENCY.name if field == "agency" else getattr(sample, field)
        said = in_words(value, SAMPLE_AGENCY.time_zone, language)
        if said is not None and str(said) not in text:
            yield field


def _shape(sample: Notice) -> str:
    """What is particular about a sample."""
    told = [name for name in sorted(may_say(sample.kind)) if getattr(sample, name)]
    return f"a {sample.kind} with {', '.join(told)}"


def _line(error: BaseException, file: str) -> int | None:
    """Jinja2 puts the template's own lines into the traceback."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    return lines[-1] if lines else None

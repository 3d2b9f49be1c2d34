"""The code of the models: datamodel-code-generator, told what its own mapping would miss.

Before it runs, the schemas are prepared: types that the generator reads more loosely than JSON
Schema does are replaced by those of `_models_base`, and titles go, so that classes carry the
names of their definitions. Nothing of the working folder gets into the code.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import orjson

from quantapilot.contract.catalog import SCHEMA_SUFFIX
from quantapilot.errors import ContractError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantapilot.contract.catalog import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = "quantapilot_models.base"
_OPEN_KEYS = re.compile(r"(?<='__pydantic_extra__': Dict\[)str(?=,)")
_NO_HEADER = "#\n"


@dataclass(slots=True)
class ModelCode:
    """Modules by name, unformatted, and the text lengths that moments are limited to."""

    modules: dict[str, str] = field(default_factory=dict)
    moment_lengths: set[int] = field(default_factory=set)


def modelled_files(contract: Contract) -> list[str]:
    """Return the schema files that need models: those with documents, and what they refer to."""
    found = {definition.file for definition in contract.documents}
    while True:
        used = {
            _file_of(contract, reference, file)
            for file in found
            for reference in _references(contract.schemas[file])
        }
        if used <= found:
            return sorted(found)
        found |= used


def model_code(contract: Contract, files: Sequence[str]) -> ModelCode:
    """Return the code of the models of some schema files.

    Raises:
        MissingExtraError: The extra `codegen` is not installed.
        ContractError: A schema says what a model can't say.
    """
    out = ModelCode()
    key_patterns: dict[str, str] = {}
    with TemporaryDirectory(prefix="qp-generate-") as folder:
        for file in files:
            prepare = _Prepare(contract, file, out.moment_lengths, key_patterns)
            schema = contract.schemas[file]
            definitions = {
                n: prepare.definition(n, body) for n, body in schema.get("$defs", {}).items()
            }
            text = orjson.dumps({"$schema": DIALECT, "$defs": definitions})
            Path(folder, f"{_stem(file)}.json").write_bytes(text)
        code = _run_generator(Path(folder))
    out.modules = {name: _polished(text, key_patterns) for name, text in code.items()}
    return out


@dataclass(frozen=True, slots=True)
class _Prepare:
    """Rewrites a schema of one file for the generator."""

    contract: Contract
    file: str
    moment_lengths: set[int]
    key_patterns: dict[str, str]

    def definition(self, name: str, schema: dict[str, Any]) -> Any:
        """Return a definition; its families of fields become its additional properties."""
        place = f"{self.file}#/$defs/{name}"
        families = schema.get("patternProperties")
        if families is None:
            return self._schema(schema, place)
        shapes = [_without_notes(family) for family in families.values()]
        if any(shape != shapes[0] for shape in shapes):
            raise ContractError(f"{place}: a model needs patternProperties of one type")
        if schema.get("additionalProperties") is not False:
            raise ContractError(f"{place}: patternProperties need additionalProperties false")
        self.key_patterns[name] = "|".join(families)
        closed = {key: value for key, value in schema.items() if key != "patternProperties"}
        return self._schema(closed | {"additionalProperties": shapes[0]}, place)

    def _schema(self, schema: Any, place: str) -> Any:
        if isinstance(schema, list):
            return [self._schema(part, f"{place}/{at}") for at, part in enumerate(schema)]
        if not isinstance(schema, dict):
            return schema
        out = {key: self._schema(value, f"{place}/{key}") for key, value in schema.items()}
        if isinstance(out.get("title"), str):
            del out["title"]
        if isinstance(out.get("$ref"), str):
            target = _file_of(self.contract, out["$ref"], self.file)
            out["$ref"] = f"{_stem(target)}.json#{out['$ref'].partition('#')[2]}"
        if out.get("type") == "object":
            self._object(out, place)
        else:
            self._scalar(out, place)
        return out

    def _object(self, schema: dict[str, Any], place: str) -> None:
        if "patternProperties" in schema:
            raise ContractError(f"{place}: only a definition itself can have patternProperties")
        if not schema.keys() & {"additionalProperties", "unevaluatedProperties"}:
            schema["additionalProperties"] = True

    def _scalar(self, schema: dict[str, Any], place: str) -> None:
        match schema:
            case {"type": "integer"}:
                schema["customTypePath"] = f"{_BASE}.Integer"
            case {"type": "number"}:
                schema["customTypePath"] = f"{_BASE}.Number"
            case {"format": "uuid"}:
                schema["customTypePath"] = f"{_BASE}.Uuid"
            case {"format": "date-time"}:
                schema["customTypePath"] = f"{_BASE}.{self._moment(schema, place)}"

    def _moment(self, schema: dict[str, Any], place: str) -> str:
        """Return the type of a moment; its limits are on the text, which the parsed value lost."""
        length = schema.pop("maxLength", None)
        if schema.keys() & {"minLength", "pattern"}:
            raise ContractError(f"{place}: of a date-time, a model can only check the maxLength")
        if length is None:
            return "DateTime"
        self.moment_lengths.add(length)
        return f"DateTime{length}"


def _without_notes(schema: dict[str, Any]) -> dict[str, Any]:
    notes = {"description", "title", "x-data-class"}
    return {key: value for key, value in schema.items() if key not in notes}


def _run_generator(folder: Path) -> dict[str, str]:
    try:
        import datamodel_code_generator as generator
    except ImportError as error:
        raise MissingExtraError("codegen", "qp generate") from error
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what the generator can't say, it only warns of
        try:
            made = generator.generate(
                folder,
                input_file_type=generator.InputFileType.JsonSchema,
                schema_version="2020-12",
                schema_version_mode=generator.VersionMode.Strict,
                strict_refs=True,
                allow_remote_refs=False,
                treat_dot_as_module=False,
                target_python_version=generator.PythonVersion.PY_311,
                target_pydantic_version=generator.TargetPydanticVersion.V2_12,
                base_class=f"{_BASE}.ContractModel",
                import_overrides={"MISSING": _BASE},
                skip_root_model=True,
                use_annotated=True,
                field_constraints=True,
                use_type_alias=True,
                use_missing_sentinel=True,
                strict_nullable=True,
                enum_field_as_literal=generator.LiteralType.All,
                use_union_operator=True,
                use_standard_collections=True,
                use_exact_imports=True,
                use_schema_description=True,
                use_field_description=True,
                use_single_line_docstring=True,
                disable_timestamp=True,
                custom_file_header=_NO_HEADER.strip(),
                formatters=[],
            )
        except (Warning, generator.Error) as error:
            raise ContractError(f"can't be said in a model: {error}") from error
    if not isinstance(made, dict):
        (file,) = folder.iterdir()
        return {file.stem: str(made)}
    return {path[-1].removesuffix(".py"): code for path, code in made.items() if len(code) > 2}


def _polished(code: str, key_patterns: dict[str, str]) -> str:
    """Return the code with relative imports and the key patterns of the open families."""
    code = (
        code.removeprefix(_NO_HEADER).lstrip().replace(f"from {_BASE} import", "from .base import")
    )
    code = code.replace("        arbitrary_types_allowed=True,\n", "")
    for name, pattern in key_patterns.items():
        before, head, body = code.partition(f"\nclass {name}(")
        key = f"Annotated[str, Field(pattern={json.dumps(pattern)})]"
        code = before + head + _OPEN_KEYS.sub(key.replace("\\", r"\\"), body, count=1)
    return code


def _stem(file: str) -> str:
    return file.removesuffix(SCHEMA_SUFFIX)


def _file_of(contract: Contract, reference: str, file: str) -> str:
    base = contract.schemas[file]["$id"]
    uri = urljoin(base, reference.partition("#")[0]) or base
    return next(name for name, schema in contract.schemas.items() if schema["$id"] == uri)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)

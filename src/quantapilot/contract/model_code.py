"""The code of the models, as datamodel-code-generator writes it from prepared schemas.

Nothing of the working folder gets into the code: the generator reads a temporary folder, and no
settings file.
"""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import orjson

from quantapilot.contract.model_schema import BASE
from quantapilot.errors import ContractError, MissingExtraError

if TYPE_CHECKING:
    from quantapilot.contract.model_schema import Prepared

_OPEN_KEYS = re.compile(r"(?<='__pydantic_extra__': Dict\[)str(?=,)")
_NUMBERS = re.compile(r"\bLiteral\[-?[0-9]+(?:, -?[0-9]+)*\]")
_FUTURE = "from __future__ import annotations\n"
_NO_HEADER = "#\n"


def model_code(prepared: Prepared) -> dict[str, str]:
    """Return the unformatted code of the models, by module.

    Raises:
        MissingExtraError: The extra `codegen` is not installed.
        ContractError: The generator can't make models of the schemas.
    """
    with TemporaryDirectory(prefix="qp-generate-") as folder:
        for module, schema in prepared.schemas.items():
            Path(folder, f"{module}.json").write_bytes(orjson.dumps(schema))
        code = _run_generator(Path(folder))
    return {name: _polished(text, prepared.key_patterns) for name, text in code.items()}


def _run_generator(folder: Path) -> dict[str, str]:
    try:
        import datamodel_code_generator as generator
    except ImportError as error:
        raise MissingExtraError("codegen", "qp generate") from error
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of what it leaves out, it only warns
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
                base_class=f"{BASE}.ContractModel",
                import_overrides={"MISSING": BASE},
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
        except (UserWarning, generator.Error) as error:
            raise ContractError(f"can't be said in a model: {error}") from error
    if not isinstance(made, dict):
        (file,) = folder.iterdir()
        return {file.stem: str(made)}
    modules = {path[-1].removesuffix(".py"): code for path, code in made.items()}
    del modules["__init__"]
    return modules


def _polished(code: str, key_patterns: dict[str, str]) -> str:
    """Return the code with relative imports, and what the generator has no words for."""
    code = code.removeprefix(_NO_HEADER).lstrip()
    code = code.replace(f"from {BASE} import", "from .base import")
    code = code.replace("        arbitrary_types_allowed=True,\n", "")
    # `True` equals 1 in Python, and so a literal alone would take it.
    code, found = _NUMBERS.subn(r"Listed[\g<0>]", code)
    if found:
        code = code.replace(_FUTURE, f"{_FUTURE}from .base import Listed\n", 1)
    for name, pattern in key_patterns.items():
        before, head, body = code.partition(f"\nclass {name}(")
        key = f"Annotated[str, Field(pattern={json.dumps(pattern)})]"
        body, found = _OPEN_KEYS.subn(key.replace("\\", r"\\"), body, count=1)
        if head and not found:
            raise ContractError(f"{name}: the generator wrote no place for patternProperties")
        code = before + head + body
    return code

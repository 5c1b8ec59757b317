"""Makes one classic script of the modules of the shim: office.js is loaded by a plain tag."""

import re
from collections.abc import Mapping

_IMPORT = re.compile(
    r"^import (?:\* as (?P<whole>\w+)|(?P<names>\{[^}]+\})) from '\./(?P<module>\w+)\.js';$", re.M
)
_EXPORT = re.compile(r"^export (?P<rest>(?:async )?(?:function|const) (?P<name>\w+))", re.M)


def one_script(modules: Mapping[str, str], entry: str) -> str:
    """The modules reachable from `entry` as one script; each keeps a scope of its own.

    Understands what our own modules use: named imports, `* as` imports, exported functions and
    constants. Raises ValueError for an import that leads nowhere.
    """
    order: list[str] = []
    _visit(entry, modules, order, ())
    bodies = "\n".join(_wrapped(name, modules[name]) for name in order)
    return f"(() => {{\n'use strict';\n{bodies}\n}})();\n"


def _visit(name: str, modules: Mapping[str, str], order: list[str], path: tuple[str, ...]) -> None:
    if name in order:
        return
    if name in path or name not in modules:
        raise ValueError(f"module {name!r} is missing or imports itself: {' > '.join(path)}")
    for found in _IMPORT.finditer(modules[name]):
        _visit(found["module"], modules, order, (*path, name))
    order.append(name)


def _wrapped(name: str, source: str) -> str:
    exported = ", ".join(found["name"] for found in _EXPORT.finditer(source))
    body = _EXPORT.sub(lambda found: found["rest"], _IMPORT.sub(_local_names, source))
    return f"const module_{name} = (() => {{\n{body}return {{ {exported} }};\n}})();"


def _local_names(found: re.Match[str]) -> str:
    return f"const {found['whole'] or found['names']} = module_{found['module']};"

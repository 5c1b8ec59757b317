"""How the page's files are served, and how office.js is put together; without a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from backend.sandbox.outlook.script import one_script
from tests.support.npm import needs_npm
from tests.support.sandbox import RunningSandbox

ROOT = Path(__file__).parents[3]


class Client:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self._url}{path}", headers=headers, timeout=10)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with RunningSandbox(pane_url="https://pane.example/taskpane/") as sandbox:
        yield Client(sandbox.url)


def test_the_page_may_frame_only_the_pane_and_run_only_its_own_scripts(client: Client) -> None:
    policy = client.get("/").headers["content-security-policy"]

    assert "frame-src https://pane.example;" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "x-frame-options" not in client.get("/").headers


def test_the_page_is_asked_for_each_time_and_its_files_are_kept_for_ever(
    client: Client,
) -> None:
    page = client.get("/")
    files = re.findall(r'(?:href|src)="(/outlook/[^"]+)"', page.text)

    assert page.headers["cache-control"] == "no-cache"
    assert len(files) >= 5
    for name in files:
        assert "immutable" in client.get(name).headers["cache-control"], name
    assert client.get("/outlook/older/page.css").status_code == 404
    assert client.get(files[0].rsplit("/", 1)[0] + "/../routes.py").status_code == 404


def test_office_js_is_one_classic_script_that_is_not_sent_twice(client: Client) -> None:
    first = client.get("/office.js")
    again = client.get("/office.js", **{"If-None-Match": first.headers["etag"]})

    assert not re.search(r"^(import|export) ", first.text, re.MULTILINE)
    assert again.status_code == 304
    assert again.content == b""


def test_modules_become_one_script_each_with_its_own_scope() -> None:
    modules = {
        "one": "import { twice } from './two.js';\nconst own = 1;\nexport const x = twice(own);\n",
        "two": "const own = 2;\nexport function twice(x) { return x * own; }\n",
    }

    script = one_script(modules, "one")

    assert script.index("module_two =") < script.index("module_one =")
    assert "const { twice } = module_two;" in script


@pytest.mark.parametrize(
    "line", ["import { x } from './gone.js';", "import { x } from './one.js';"]
)
def test_an_import_that_leads_nowhere_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="missing or imports itself"):
        one_script({"one": f"{line}\n"}, "one")


@pytest.mark.node
@needs_npm(ROOT / "node_modules/typescript")
def test_the_shim_and_the_page_agree_with_microsofts_types() -> None:
    npx = shutil.which("npx") or "npx"

    found = subprocess.run(
        [npx, "tsc", "-p", "backend/sandbox/outlook/tsconfig.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout

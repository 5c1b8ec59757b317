"""The add-in's manifest: what Outlook needs is in it, and what it would refuse never leaves us."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from addin_manifest.fill import ManifestError, filled_manifest, structural_problems
from backend.cli import main

CLIENT_ID = "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22"
VALIDATORS = Path(__file__).parents[3] / "shared" / "tools" / "manifest"
NAMESPACES = {
    "o": "http://schemas.microsoft.com/office/appforoffice/1.1",
    "v": "http://schemas.microsoft.com/office/mailappversionoverrides/1.1",
    "bt": "http://schemas.microsoft.com/office/officeappbasictypes/1.0",
}
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def manifest(base_url: str = "https://sync.example.com") -> ElementTree.Element:
    return ElementTree.fromstring(filled_manifest(base_url, CLIENT_ID))


def text_of(root: ElementTree.Element, path: str) -> str:
    found = root.find(path, NAMESPACES)
    assert found is not None
    return found.text or ""


def test_the_pane_opens_for_organizers_and_for_attendees():
    points = manifest().findall(".//v:ExtensionPoint", NAMESPACES)

    assert [point.get(TYPE) for point in points] == [
        "AppointmentOrganizerCommandSurface",
        "AppointmentAttendeeCommandSurface",
    ]
    assert all(point.find(".//v:Action", NAMESPACES) is not None for point in points)


def test_delegates_may_use_it_and_mailbox_1_8_is_enough():
    root = manifest()
    required = root.find("o:Requirements/o:Sets/o:Set", NAMESPACES)

    assert text_of(root, ".//v:SupportsSharedFolders") == "true"
    assert required is not None
    assert (required.get("Name"), required.get("MinVersion")) == ("Mailbox", "1.8")


def test_it_asks_to_write_the_item_because_composing_saves_it():
    assert text_of(manifest(), "o:Permissions") == "ReadWriteItem"


def test_single_sign_on_names_our_registration():
    root = manifest("https://sync.example.com:8443")

    assert text_of(root, ".//v:WebApplicationInfo/v:Id") == CLIENT_ID
    assert (
        text_of(root, ".//v:WebApplicationInfo/v:Resource")
        == f"api://sync.example.com:8443/{CLIENT_ID}"
    )


def test_all_addresses_lead_to_the_given_host():
    values = [element.get("DefaultValue", "") for element in manifest().iter()]
    addresses = [value for value in values if "://" in value]

    assert addresses
    assert all(address.startswith("https://sync.example.com/") for address in addresses)


def test_the_add_in_stays_the_same_when_it_moves_but_differs_by_registration():
    here = text_of(manifest(), "o:Id")
    there = text_of(manifest("https://other.example.com/"), "o:Id")
    other = ElementTree.fromstring(
        filled_manifest("https://sync.example.com", "b9100000-2b7e-4d6c-9f58-3e1a7c5d9b22")
    )

    assert here == there
    assert here != text_of(other, "o:Id")


@pytest.mark.parametrize(
    ("base_url", "client_id"),
    [
        ("http://sync.example.com", CLIENT_ID),
        ("sync.example.com", CLIENT_ID),
        ("https://", CLIENT_ID),
        ('https://a<b>&"c', CLIENT_ID),
        ("https://sync.example.com/path", CLIENT_ID),
        ("https://sync.example.com?x=1", CLIENT_ID),
        ("https://user@sync.example.com", CLIENT_ID),
        ("https://sync.example.com:port", CLIENT_ID),
        ("https://sync.example.com", "not-a-guid"),
        ("https://sync.example.com", "<Id/>"),
    ],
)
def test_values_that_cannot_work_are_refused(base_url: str, client_id: str):
    with pytest.raises(ManifestError):
        filled_manifest(base_url, client_id)


def test_a_reference_that_leads_nowhere_is_found():
    broken = filled_manifest("https://sync.example.com", CLIENT_ID).replace(
        'bt:Url id="Pane.Url"', 'bt:Url id="Pane.Address"'
    )

    assert structural_problems(broken) == ["resid Pane.Url is not defined"]


@pytest.mark.skipif(not VALIDATORS.is_dir(), reason="Microsoft's schemas are not beside us")
@pytest.mark.parametrize("validator", ["validate_xml_manifest.py", "lint_xml_manifest.py"])
def test_microsofts_schema_and_the_lint_accept_it(validator: str, tmp_path: Path):
    file = tmp_path / "manifest.xml"
    file.write_text(filled_manifest("https://sync.example.com", CLIENT_ID), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, VALIDATORS / validator, file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_prints_or_writes_it(tmp_path: Path):
    arguments = ["manifest", "--base-url", "https://sync.example.com", "--client-id", CLIENT_ID]
    file = tmp_path / "manifest.xml"

    printed = CliRunner().invoke(main, arguments)
    written = CliRunner().invoke(main, [*arguments, "--output", str(file)])

    assert printed.exit_code == written.exit_code == 0
    assert file.read_text(encoding="utf-8") == printed.output


def test_the_command_says_what_is_wrong():
    done = CliRunner().invoke(
        main, ["manifest", "--base-url", "http://localhost:8000", "--client-id", CLIENT_ID]
    )

    assert done.exit_code == 1
    assert "https" in done.output

"""Importing contacts through the pages: preview, confirmation, result."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.crm import contact_import
from backend.crm.access import CrmCaller
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import Contact, UnmatchedAttendee
from backend.sql import Database
from tests.crm.gateway_contract import KEY, TENANT, MakeContact, a_draft
from tests.support.crm import HandClock, contact_maker, create_tables
from tests.support.crm_server import crm_pages_app

JANE = CrmCaller(TENANT, "jane", "Jane Owner", "jane@firm.example")
PATH = "/crm/contacts/import"


@pytest.fixture
def heard() -> list[list[str]]:
    return []


@pytest.fixture
def client(database: Database, heard: list[list[str]]) -> Iterator[FlaskClient]:
    create_tables(database)
    app = crm_pages_app(
        database, HandClock(), JANE, tell_contacts=lambda _tenant, keys: heard.append(list(keys))
    )
    with app.test_client() as client:
        yield client


@pytest.fixture
def people(database: Database) -> MakeContact:
    return contact_maker(database, TENANT)


def all_contacts(database: Database) -> list[Contact]:
    return list(ContactDesk(database, HandClock()).page(JANE, limit=10_000).items)


def preview(client: FlaskClient, text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    form = {"csrf_token": "token", "act": "preview", "file": (io.BytesIO(data), "contacts.csv")}
    return client.post(PATH, data=form, content_type="multipart/form-data").text


def confirm(client: FlaskClient, previewed: str) -> str:
    form = {
        name: re.findall(rf'name="{name}" value="([^"]*)"', previewed)[0]
        for name in ("csrf_token", "import_id", "data")
    }
    response = client.post(PATH, data={**form, "act": "import"}, content_type="multipart/form-data")
    assert response.status_code == 200
    return response.text


def judgements(page: str) -> list[tuple[str, str]]:
    """Line and what happens to it, of each row of the table."""
    found = re.findall(r'data-label="Line">(\d+)<.*?<span class="badge \w+">([^<]+)<', page, re.S)
    return sorted(found, key=lambda each: int(each[0]))


def test_nothing_is_written_before_the_confirmation_and_everything_after_it(
    client: FlaskClient, database: Database, people: MakeContact, heard: list[list[str]]
) -> None:
    people("Old", "old@x.example", types=("Client",))
    crm = EmbeddedCrm(database, HandClock())
    unmatched = (UnmatchedAttendee("Ann", "ANN@x.example", "none", "required"),)
    crm.write_activity(TENANT, KEY, a_draft(unmatched=unmatched), revision=None)

    previewed = preview(
        client,
        "name,emails,types,company\nAnn,ann@x.example a2@x.example,client,Acme\nBob,,,acme\n",
    )
    before = len(all_contacts(database))
    imported = confirm(client, previewed)

    assert judgements(previewed) == [("2", "Will be added"), ("3", "Will be added")]
    assert before == 1
    assert judgements(imported) == [("2", "Added"), ("3", "Added")]
    ann, bob, _ = all_contacts(database)
    assert (ann.name, ann.emails, ann.types) == (
        "Ann",
        ("ann@x.example", "a2@x.example"),
        ("Client",),
    )
    assert (ann.owner_id, ann.private) == ("jane", False)
    assert ann.company_id == bob.company_id
    (company,) = Catalogue(database, HandClock()).companies(JANE, limit=5).items
    assert company.name == "Acme"
    assert heard == [[KEY]]


def test_errors_are_told_by_line_and_the_rest_is_imported(
    client: FlaskClient, database: Database, people: MakeContact
) -> None:
    people("Old", "old@x.example", types=("Client",))
    text = (
        "name;emails;types;company\n"
        ";nobody@x.example;;\n"
        "Ann;not-an-address;;\n"
        "Bob;bob;Cleint;\n"
        f"{'x' * 201};x@x.example;;\n"
        f"Eve;eve@x.example;;{'y' * 201}\n"
        "Zed;zed@x.example;Client;\n"
        "Nul\x00;nul@x.example;;\n"
    )

    previewed = preview(client, text)
    confirm(client, previewed)

    for words in (
        "The name is missing.",
        "E-mail: Not an e-mail address.",
        "There is no contact type “Cleint”.",
        "The company is longer than 200 characters.",
        "Name: Contains a character that cannot be stored.",
    ):
        assert words in previewed
    assert [line for line, word in judgements(previewed) if word == "Error"] == list("234568")
    assert [contact.name for contact in all_contacts(database)] == ["Old", "Zed"]


def test_duplicates_by_address_are_shown_and_skipped(
    client: FlaskClient, database: Database, people: MakeContact
) -> None:
    old = people("Old", "old@x.example")
    people("Hidden", "hidden@x.example", private=True, owner_id="joe")
    text = (
        "name,email\nOlder,OLD@X.example\nTwin,twin@x.example\nTwin 2,Twin@x.example\n"
        "New,hidden@x.example\n"
    )

    previewed = preview(client, text)
    confirm(client, previewed)

    assert judgements(previewed) == [
        ("2", "Duplicate"),
        ("3", "Will be added"),
        ("4", "Duplicate"),
        ("5", "Will be added"),
    ]
    assert f"/crm/contacts/{old}" in previewed
    assert "Line 3 has the same address." in previewed
    assert "Hidden" not in previewed
    assert [contact.name for contact in all_contacts(database)] == ["New", "Old", "Twin"]


def test_a_confirmation_that_is_sent_twice_makes_nothing_twice(
    client: FlaskClient, database: Database
) -> None:
    previewed = preview(client, "name\nAnn\nAnn\nBob")

    confirm(client, previewed)
    again = confirm(client, previewed)

    assert [contact.name for contact in all_contacts(database)] == ["Ann", "Ann", "Bob"]
    assert [word for _, word in judgements(again)] == ["Added before"] * 3


def test_an_import_goes_in_chunks_and_goes_on_where_it_was_stopped(
    client: FlaskClient,
    database: Database,
    heard: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server is killed in the third chunk: two are there, and are not made again."""
    text = "name,email,company\n" + "".join(f"P{n},p{n}@x.example,C{n % 7}\n" for n in range(450))
    previewed = preview(client, text)
    folded = contact_import.folded

    def killed(*parts: str) -> str:
        if "p425@x.example" in parts:
            raise KeyboardInterrupt
        return folded(*parts)

    monkeypatch.setattr(contact_import, "folded", killed)
    with pytest.raises(KeyboardInterrupt):
        confirm(client, previewed)
    left = len(all_contacts(database))
    monkeypatch.undo()
    confirm(client, previewed)

    assert left == 2 * contact_import.CHUNK
    assert len(all_contacts(database)) == 450
    assert len(Catalogue(database, HandClock()).companies(JANE, limit=50).items) == 7
    assert len(heard) == 2


@pytest.mark.parametrize(
    "form",
    [
        {"act": "preview"},
        {"act": "preview", "file": b""},
        {"act": "preview", "file": b"\x89PNG\r\n\x1a\n\x00"},
        {"act": "import"},
        {"act": "import", "import_id": "x", "data": ""},
        {"act": "import", "import_id": "6f1c8f6e-7d7c-4f3e-9d51-0d7d4e9a3a11", "data": "~"},
        {"act": "import", "import_id": "6f1c8f6e-7d7c-4f3e-9d51-0d7d4e9a3a11", "data": ""},
    ],
)
def test_forms_that_make_no_sense_are_told(
    client: FlaskClient, database: Database, form: dict[str, object]
) -> None:
    files = {name: (io.BytesIO(v), "x") for name, v in form.items() if isinstance(v, bytes)}

    response = client.post(
        PATH, data={"csrf_token": "token", **form, **files}, content_type="multipart/form-data"
    )

    assert response.status_code == 422
    assert "The file was not read" in response.text
    assert all_contacts(database) == []


def test_nothing_is_read_without_the_sessions_token(client: FlaskClient) -> None:
    form = {"act": "preview", "file": (io.BytesIO(b"name\nAnn"), "x.csv")}

    assert client.post(PATH, data=form, content_type="multipart/form-data").status_code == 403


def test_hostile_cells_are_shown_as_text(client: FlaskClient, database: Database) -> None:
    cell = "<script>alert(1)</script>"

    previewed = preview(
        client, f"name,email,company,{cell}\n{cell},a@x.example,{cell},x\n=1+1,,,\n"
    )
    imported = confirm(client, previewed)

    for page in (previewed, imported):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
    assert {contact.name for contact in all_contacts(database)} == {cell, "=1+1"}


def test_the_largest_file_is_previewed_and_imported(
    client: FlaskClient, database: Database
) -> None:
    text = "name,email,company\n" + "".join(
        f"Person {n},person{n}@x.example,Company {n % 50}\n" for n in range(5_000)
    )
    padding = "x" * (1024 * 1024 - len(text) - 12)
    previewed = preview(client, text.replace("company\n", f"company,{padding[:100_000]}\n", 1))

    imported = confirm(client, previewed)

    assert "Add 5,000 contacts" in previewed
    assert "5,000 contacts are in the CRM now" in imported
    assert len(all_contacts(database)) == 5_000

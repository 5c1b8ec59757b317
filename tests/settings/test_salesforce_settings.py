"""An organisation of Salesforce in the settings: complete, or every problem at once."""

from pathlib import Path

import pytest

from backend.settings import Settings, SettingsError

OURS = {
    "CALENDAR_SYNC_BASE_URL": "https://sync.example.com",
    "CALENDAR_SYNC_CLIENT_ID": "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22",
    "CALENDAR_SYNC_CLIENT_SECRET": "a secret of the app",
    "CALENDAR_SYNC_TENANTS": "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01",
    "CALENDAR_SYNC_SECRET_KEY": "k" * 48,
}
URL = "https://firm.my.salesforce.com"
COMPLETE = {"URL": URL, "CLIENT_ID": "3MVG9", "CLIENT_SECRET": "a word of Salesforce"}


def read(salesforce: dict[str, str], **others: str) -> Settings:
    named = {f"CALENDAR_SYNC_SALESFORCE_{name}": value for name, value in salesforce.items()}
    return Settings.from_env(OURS | named | {f"CALENDAR_SYNC_{k}": v for k, v in others.items()})


def problems(salesforce: dict[str, str], **others: str) -> set[str]:
    with pytest.raises(SettingsError) as caught:
        read(salesforce, **others)
    return {name.removeprefix("CALENDAR_SYNC_") for name in caught.value.problems}


def test_without_any_of_it_the_embedded_crm_is_used() -> None:
    settings = read({})

    assert settings.salesforce is None
    assert settings.has_embedded_crm


def test_an_address_and_a_secret_are_enough() -> None:
    settings = read(COMPLETE)

    assert settings.salesforce is not None
    assert (settings.salesforce.url, settings.salesforce.account_type_field) == (URL, "Type")
    assert not settings.has_embedded_crm
    assert "a word of Salesforce" not in repr(settings)


def test_a_key_and_a_user_stand_in_for_the_secret(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    with_key = {"URL": URL, "CLIENT_ID": "3MVG9", "KEY_FILE": str(key)}

    settings = read({**with_key, "USERNAME": "sync@firm.example", "API_VERSION": "v64"})

    assert settings.salesforce is not None
    assert settings.salesforce.username == "sync@firm.example"
    assert settings.salesforce.api_version == "64.0"
    assert "BEGIN" not in repr(settings)
    assert problems(with_key) == {"SALESFORCE_CLIENT_SECRET"}


def test_all_problems_are_told_at_once_and_with_those_of_others() -> None:
    given = {"URL": "http://firm.my.salesforce.com", "API_VERSION": "41", "USERNAME": "x"}

    assert problems({**given, "CONTACT_TYPE_FIELD": "a field"}, PORT="many") == {
        "PORT",
        "SALESFORCE_URL",
        "SALESFORCE_CLIENT_ID",
        "SALESFORCE_CLIENT_SECRET",
        "SALESFORCE_API_VERSION",
        "SALESFORCE_CONTACT_TYPE_FIELD",
    }


def test_it_serves_one_firm_and_is_the_only_crm() -> None:
    two = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01 8b2d4e70-15c3-4f7a-a6d9-5c0e7b9f1a02"

    assert problems(COMPLETE, TENANTS=two) == {"TENANTS"}
    assert problems(COMPLETE, CRM_URL="https://crm.example.com", CRM_TOKEN="t") == {
        "SALESFORCE_URL"
    }

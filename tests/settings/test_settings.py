"""The settings read from the environment: complete, checked, all problems at once."""

from pathlib import Path

import pytest

from backend.settings import OFFICE_CLIENT_IDS, Settings, SettingsError

COMPLETE = {
    "CALENDAR_SYNC_BASE_URL": "https://sync.example.com/",
    "CALENDAR_SYNC_CLIENT_ID": "A9100000-2B7E-4D6C-9F58-3E1A7C5D9B22",
    "CALENDAR_SYNC_CLIENT_SECRET": "a secret of the app",
    "CALENDAR_SYNC_TENANTS": "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01",
    "CALENDAR_SYNC_SECRET_KEY": "k" * 48,
}


def settings_with(**changes: str) -> Settings:
    changed = {f"CALENDAR_SYNC_{name}": value for name, value in changes.items()}
    return Settings.from_env(COMPLETE | changed)


def problems_with(**changes: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        settings_with(**changes)
    return caught.value.problems


def test_the_required_settings_are_enough_and_the_rest_has_defaults():
    settings = Settings.from_env(COMPLETE)

    assert settings.base_url == "https://sync.example.com"
    assert settings.client_id == "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22"
    assert settings.graph_url == "https://graph.microsoft.com"
    assert settings.login_url == "https://login.microsoftonline.com"
    assert settings.cors_origins == ()
    assert settings.notification_url is None
    assert settings.web_threads == 16


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://sync.example.com", "https://sync.example.com"),
        ("https://sync.example.com/", "https://sync.example.com"),
        ("https://hooks.example.com/graph/notifications", "https://hooks.example.com"),
        (
            "https://hooks.example.com/behind/graph/notifications/",
            "https://hooks.example.com/behind",
        ),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_address_for_notifications_may_name_its_path(given: str, base: str):
    assert settings_with(NOTIFICATION_URL=given).notification_base == base


def test_notifications_need_https():
    assert "CALENDAR_SYNC_NOTIFICATION_URL" in problems_with(
        NOTIFICATION_URL="http://sync.example.com"
    )


def test_without_an_address_there_is_nothing_to_tell_graph():
    assert Settings.from_env(COMPLETE).notification_base is None


def test_all_problems_are_told_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"CALENDAR_SYNC_TENANTS": "contoso", "CALENDAR_SYNC_PORT": "many"})

    assert set(caught.value.problems) == {
        "CALENDAR_SYNC_BASE_URL",
        "CALENDAR_SYNC_CLIENT_ID",
        "CALENDAR_SYNC_TENANTS",
        "CALENDAR_SYNC_SECRET_KEY",
        "CALENDAR_SYNC_PORT",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "http://sync.example.com"),
        ("BASE_URL", "sync.example.com"),
        ("BASE_URL", "https://sync.example.com/behind/a/path"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", f"{'k' * 48} short"),
        ("SECRET_KEY_FILE", "/no/such/file"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "nonsense"),
        ("QUEUE_URL", "amqp://localhost"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example.com/path"),
        ("INLINE_BUDGET", "-1"),
        ("WEB_THREADS", "0"),
        ("RATE_LIMIT", "a lot"),
        ("LOG_LEVEL", "LOUD"),
        ("CLIENT_CERTIFICATE_FILE", "/no/such/file"),
    ],
)
def test_a_value_that_cannot_work_is_named(name: str, value: str):
    problems = problems_with(**{name: value})

    assert list(problems) == [f"CALENDAR_SYNC_{name}"]


def test_a_crm_elsewhere_needs_its_token():
    assert "CALENDAR_SYNC_CRM_TOKEN" in problems_with(CRM_URL="https://crm.example.com/crm/api")


def test_without_secret_and_certificate_outlook_cannot_be_reached():
    assert "CALENDAR_SYNC_CLIENT_SECRET" in problems_with(CLIENT_SECRET="")


def test_an_empty_variable_counts_as_not_set():
    assert settings_with(GRAPH_URL="  ").graph_url == "https://graph.microsoft.com"


def test_tenants_are_a_list():
    second = "8b2d4e70-15c3-4f7a-a6d9-5c0e7b9f1a02"

    tenants = settings_with(TENANTS=f"3F6C1B52-7A0E-4C1D-9B8E-1D2F4A6C8E01, {second}").tenants

    assert tenants == ("3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01", second)


def test_our_own_client_and_offices_may_bring_tokens():
    allowed = Settings.from_env(COMPLETE).allowed_clients

    assert allowed == ("a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22", *OFFICE_CLIENT_IDS)


def test_the_queue_stands_beside_a_sqlite_database_and_inside_a_postgresql_one():
    beside = settings_with(DATABASE_URL="sqlite:////data/firm.db").queue_url
    inside = settings_with(DATABASE_URL="postgresql://db/firm").queue_url

    assert beside == "sqlite:////data/firm-queue.db"
    assert inside == "postgresql://db/firm"


def test_a_dotenv_file_fills_in_what_the_environment_lacks(tmp_path: Path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("CALENDAR_SYNC_PORT=9000\nCALENDAR_SYNC_HOST=0.0.0.0\n")
    environ = COMPLETE | {"CALENDAR_SYNC_PORT": "9001"}

    settings = Settings.from_env(environ, dotenv)

    assert (settings.host, settings.port) == ("0.0.0.0", 9001)


def test_secrets_do_not_show(tmp_path: Path):
    keys = tmp_path / "keys"
    keys.write_text("n" * 40 + "\n" + "o" * 40 + "\n")

    settings = settings_with(
        SECRET_KEY_FILE=str(keys),
        METRICS_TOKEN="metrics word",
        CRM_TOKEN="crm word",
        DATABASE_URL="postgresql://user:password@db/firm",
    )

    shown = repr(settings)
    assert len(settings.secret_keys) == 2
    for secret in ("a secret of the app", "nnnn", "metrics word", "crm word", "password"):
        assert secret not in shown


def test_keys_differ_by_purpose_and_keep_their_order():
    both = settings_with(SECRET_KEY=f"{'n' * 40},{'o' * 40}")
    old = settings_with(SECRET_KEY="o" * 40)

    assert both.keys_for("session")[1] == old.keys_for("session")[0]
    assert both.keys_for("session") != both.keys_for("queue")
    assert {len(key) for key in both.keys_for("session")} == {32}


def test_proxies_are_left_out_when_microsoft_is_on_this_machine():
    proxy = {"HTTPS_PROXY": "http://proxy.example.com:3128"}
    sandbox = {
        "CALENDAR_SYNC_GRAPH_URL": "http://localhost:8001",
        "CALENDAR_SYNC_LOGIN_URL": "http://localhost:8001",
    }

    assert Settings.from_env(COMPLETE | proxy).proxies == {"https": "http://proxy.example.com:3128"}
    assert Settings.from_env(COMPLETE | proxy | sandbox).proxies == {}

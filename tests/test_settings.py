from datetime import timedelta

import pytest

from shared.settings import SettingsError, read_settings

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
LEAST = {
    "ManifestStorage": "UseDevelopmentStorage=true",
    "MANIFEST_CONTAINER": "manifests",
    "WAKE_UP_QUEUE": "manifest-wake-ups",
}


def test_defaults_are_the_contracts() -> None:
    settings = read_settings(LEAST)
    assert settings.url == settings.cloud.audience == "https://api.partnercenter.microsoft.com"
    assert settings.authority == "https://login.microsoftonline.com"
    assert settings.sign_in == "managed_identity"
    assert settings.devices_per_upload == 1000
    assert settings.manifest_bytes == 256 * 1024 * 1024
    assert settings.locale == "en-US"
    assert settings.allowed_customers == frozenset()
    assert not settings.create_missing_batch
    delays = settings.delays
    assert delays.give_up == timedelta(days=2)
    assert (delays.first_poll, delays.longest_poll) == (timedelta(seconds=30), timedelta(minutes=10))
    assert (delays.first_retry, delays.longest_retry) == (timedelta(seconds=30), timedelta(minutes=15))


def test_an_identity_based_connection_needs_both_services() -> None:
    environment = LEAST | {
        "ManifestStorage": "",
        "ManifestStorage__blobServiceUri": "https://x.blob.core.windows.net",
        "ManifestStorage__queueServiceUri": "https://x.queue.core.windows.net",
        "ManifestStorage__credential": "managedidentity",
        "ManifestStorage__clientId": "an-id",
    }
    connection = read_settings(environment).connection
    assert connection.connection_string is None
    assert connection.client_id == "an-id"
    del environment["ManifestStorage__queueServiceUri"]
    with pytest.raises(SettingsError, match="ManifestStorage__queueServiceUri is missing"):
        read_settings(environment)


def test_another_url_keeps_the_clouds_audience() -> None:
    settings = read_settings(LEAST | {"PARTNER_CENTER_URL": "http://127.0.0.1:1234/", "PARTNER_CENTER_CLOUD": "china"})
    assert settings.url == "http://127.0.0.1:1234"
    assert settings.cloud.audience == "https://partner.partnercenterapi.microsoftonline.cn"


def test_an_authority_may_be_a_bare_host() -> None:
    authority = read_settings(LEAST | {"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"}).authority
    assert authority == "https://login.microsoftonline.us"


def test_customers_are_compared_without_case() -> None:
    settings = read_settings(LEAST | {"ALLOWED_CUSTOMERS": f" {CUSTOMER.upper()} , "})
    assert settings.allowed_customers == {CUSTOMER}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PARTNER_CENTER_AUTH", "secret", "none of managed_identity"),
        ("PARTNER_CENTER_CLOUD", "mars", "none of global"),
        ("PARTNER_CENTER_URL", "http://partner.example", "https address"),
        ("PARTNER_CENTER_URL", "ftp://127.0.0.1", "https address"),
        ("PARTNER_CENTER_URL", "https://user:word@partner.example", "https address"),
        ("PARTNER_CENTER_URL", "https://[", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example:port", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example/?x=1", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example/#x", "https address"),
        ("PARTNER_CENTER_LOCALE", "de\nDE", "printable ASCII"),
        ("PARTNER_CENTER_APPLICATION", "Größe", "printable ASCII"),
        ("MAX_DEVICES_PER_UPLOAD", "0", "whole number"),
        ("MAX_MANIFEST_BYTES", "many", "whole number"),
        ("GIVE_UP_AFTER", "2 days", "ISO 8601"),
        ("GIVE_UP_AFTER", "-P2D", "ISO 8601"),
        ("ALLOWED_CUSTOMERS", "contoso", "list of customer ids"),
        ("CREATE_MISSING_BATCH", "yes", "none of true"),
        ("MANIFEST_TRIGGER_SOURCE", "Polling", "none of EventGrid"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is .*{told}"):
        read_settings(LEAST | {name: value})


@pytest.mark.parametrize(
    ("sign_in", "missing"),
    [
        ("federated_app", ["CLIENT_ID", "TENANT_ID", "APP_ID"]),
        ("app_user", ["CLIENT_ID", "TENANT_ID", "APP_ID", "REFRESH_TOKEN_SECRET"]),
    ],
)
def test_a_way_to_sign_in_names_what_it_needs(sign_in: str, missing: list[str]) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings(LEAST | {"PARTNER_CENTER_AUTH": sign_in})
    assert all(f"PARTNER_CENTER_{name} is missing" in str(error.value) for name in missing)


def test_durations_may_be_in_weeks() -> None:
    assert read_settings(LEAST | {"GIVE_UP_AFTER": "P1W"}).delays.give_up == timedelta(days=7)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"GIVE_UP_AFTER": "soon"})
    names = ("MANIFEST_CONTAINER", "WAKE_UP_QUEUE", "ManifestStorage__blobServiceUri", "GIVE_UP_AFTER")
    assert all(name in str(error.value) for name in names)


def test_only_a_user_may_have_batches_created() -> None:
    with pytest.raises(SettingsError, match="only PARTNER_CENTER_AUTH=app_user may create batches"):
        read_settings(LEAST | {"CREATE_MISSING_BATCH": "true"})

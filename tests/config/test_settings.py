from datetime import timedelta

import pytest

from shared.config.settings import SettingsError, read_settings
from shared.config.timeouts import LONGEST_CALL, LONGEST_PAGING, SHORTEST_LEASE

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
LEAST = {
    "ManifestStorage": "UseDevelopmentStorage=true",
    "MANIFEST_CONTAINER": "manifests",
    "WAKE_UP_QUEUE": "manifest-wake-ups",
}
SECRET = "AccountKey=c2VjcmV0"


def test_defaults_are_the_contracts() -> None:
    settings = read_settings(LEAST)
    assert settings.url == settings.cloud.audience == "https://api.partnercenter.microsoft.com"
    assert settings.authority == "https://login.microsoftonline.com"
    assert settings.sign_in == "managed_identity"
    assert settings.limits.devices_per_upload == 1000
    assert settings.limits.manifest_bytes == 256 * 1024 * 1024
    assert settings.limits.devices == 250_000
    assert settings.limits.requests_per_minute is None
    assert settings.locale == "en-US"
    assert settings.limits.allowed_customers == frozenset()
    assert not settings.limits.create_missing_batch
    delays = settings.delays
    assert delays.give_up == timedelta(days=2)
    assert (delays.first_poll, delays.longest_poll) == (timedelta(seconds=45), timedelta(minutes=10))
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


def test_a_credential_that_the_storage_is_not_opened_with_is_named() -> None:
    environment = {
        "ManifestStorage__blobServiceUri": "https://x.blob.core.windows.net",
        "ManifestStorage__queueServiceUri": "https://x.queue.core.windows.net",
        "MANIFEST_CONTAINER": "manifests",
        "WAKE_UP_QUEUE": "manifest-wake-ups",
    }
    for fine in ("managedidentity", "managedIdentity", ""):
        read_settings(environment | {"ManifestStorage__credential": fine})
    with pytest.raises(SettingsError, match="ManifestStorage__credential is not managedidentity") as error:
        read_settings(environment | {"ManifestStorage__credential": SECRET})
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("text", ["0 */15 * * * *", "0 0 6,18 * JAN-MAR mon-fri", " 30  5/10 0-23 1 * * "])
def test_a_schedule_has_six_fields(text: str) -> None:
    read_settings(LEAST | {"SWEEP_SCHEDULE": text})


def test_another_url_keeps_the_clouds_audience() -> None:
    settings = read_settings(LEAST | {"PARTNER_CENTER_URL": "http://127.0.0.1:1234/", "PARTNER_CENTER_CLOUD": "china"})
    assert settings.url == "http://127.0.0.1:1234"
    assert settings.cloud.audience == "https://partner.partnercenterapi.microsoftonline.cn"


def test_an_authority_may_be_a_bare_host() -> None:
    authority = read_settings(LEAST | {"AZURE_AUTHORITY_HOST": "login.microsoftonline.us"}).authority
    assert authority == "https://login.microsoftonline.us"


def test_customers_are_compared_without_case() -> None:
    settings = read_settings(LEAST | {"ALLOWED_CUSTOMERS": f" {CUSTOMER.upper()} , "})
    assert settings.limits.allowed_customers == {CUSTOMER}


def test_requests_a_minute_are_limited_only_where_the_setting_has_a_number() -> None:
    read = [read_settings(LEAST | {"MAX_REQUESTS_PER_MINUTE": text}).limits for text in ("60", "", " ")]
    assert [limits.requests_per_minute for limits in read] == [60, None, None]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PARTNER_CENTER_AUTH", "secret", "none of managed_identity"),
        ("PARTNER_CENTER_CLOUD", "mars", "none of global"),
        ("PARTNER_CENTER_URL", "http://partner.example", "https address"),
        ("PARTNER_CENTER_URL", "ftp://127.0.0.1", "https address"),
        ("PARTNER_CENTER_URL", "https://user:word@partner.example", "https address"),
        ("PARTNER_CENTER_URL", "https://[", "https address"),
        ("PARTNER_CENTER_URL", "https://:word@partner.example", "https address"),
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:1", "https address or host name"),
        ("PARTNER_CENTER_TENANT_ID", "contoso.example/x", "neither a tenant's id nor its domain"),
        ("PARTNER_CENTER_URL", "https://partner.example:port", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example/?x=1", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example/#x", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example?", "https address"),
        ("PARTNER_CENTER_URL", "https://partner example", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example\\x", "https address"),
        ("PARTNER_CENTER_URL", "https://pärtner.example", "https address"),
        ("PARTNER_CENTER_URL", "https://partner.example:70000", "https address"),
        ("AZURE_AUTHORITY_HOST", "https:/login.example", "https address or host name"),
        ("PARTNER_CENTER_TENANT_ID", "..", "neither a tenant's id nor its domain"),
        ("PARTNER_CENTER_LOCALE", "de\nDE", "printable ASCII"),
        ("PARTNER_CENTER_APPLICATION", "Größe", "printable ASCII"),
        ("MAX_DEVICES_PER_UPLOAD", "0", "whole number"),
        ("MAX_DEVICES_PER_UPLOAD", "20001", "whole number from 1 to 20,000"),
        ("MAX_DEVICES", str(2**63), "whole number"),
        ("MAX_MANIFEST_BYTES", "many", "whole number"),
        ("MAX_REQUESTS_PER_MINUTE", "0", "whole number"),
        ("MAX_REQUESTS_PER_MINUTE", "1.5", "whole number"),
        ("GIVE_UP_AFTER", "2 days", "ISO 8601"),
        ("GIVE_UP_AFTER", "-P2D", "ISO 8601"),
        ("GIVE_UP_AFTER", "P1M", "no months"),
        ("ALLOWED_CUSTOMERS", "contoso", "list of customer ids"),
        ("ALLOWED_CUSTOMERS", ",", "list of customer ids"),
        ("SWEEP_SCHEDULE", "hourly", "six-field cron"),
        ("SWEEP_SCHEDULE", "*/15 * * * *", "six-field cron"),
        ("SWEEP_SCHEDULE", "0 0 0 ? * L", "six-field cron"),
        ("CREATE_MISSING_BATCH", "yes", "none of true"),
        ("MANIFEST_TRIGGER_SOURCE", "Polling", "none of EventGrid"),
    ],
)
def test_a_malformed_setting_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is .*{said}") as error:
        read_settings(LEAST | {name: value})
    assert "user:word" not in str(error.value)


def test_an_accounts_key_is_not_shown() -> None:
    settings = read_settings(LEAST | {"ManifestStorage": f"AccountName=a;{SECRET}"})
    assert "c2VjcmV0" not in repr(settings)


@pytest.mark.parametrize(
    "text",
    [
        "UseDevelopmentStorage=true",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5==;EndpointSuffix=core.windows.net",
        "BlobEndpoint=https://a.blob.core.windows.net;QueueEndpoint=https://a.queue.core.windows.net;SharedAccessSignature=s;",
    ],
)
def test_every_form_of_a_connection_string_is_taken(text: str) -> None:
    assert read_settings(LEAST | {"ManifestStorage": text}).connection.connection_string == text


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "c2VjcmV0",
        f"AccountName=;{SECRET}",
        f"AccountName=a;;{SECRET}",
        f"a,{SECRET}",
        "AccountName=a",
        "UseDevelopmentStorage=false",
        "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=c2VjcmV0",
    ],
)
def test_what_is_no_connection_string_is_named_but_not_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match="ManifestStorage is no connection string") as error:
        read_settings(LEAST | {"ManifestStorage": text})
    assert "c2VjcmV0" not in str(error.value)


@pytest.mark.parametrize("text", ["a", "http://127.0.0.1:10000/a", "https://[", f"AccountName=a;{SECRET}"])
@pytest.mark.parametrize("kind", ["blob", "queue"])
def test_what_is_no_storage_services_address_is_named_but_not_repeated(kind: str, text: str) -> None:
    environment = LEAST | {
        "ManifestStorage": "",
        "ManifestStorage__blobServiceUri": "https://x.blob.core.windows.net",
        "ManifestStorage__queueServiceUri": "https://127.0.0.1:10001/x",
    }
    read_settings(environment)
    with pytest.raises(SettingsError, match=f"ManifestStorage__{kind}ServiceUri is no https address") as error:
        read_settings(environment | {f"ManifestStorage__{kind}ServiceUri": text})
    assert "c2VjcmV0" not in str(error.value)


@pytest.mark.parametrize("value", ["Manifests", "my_manifests", "ab", "a" * 64, "a--b", "-ab", "abc-", "manifests/"])
@pytest.mark.parametrize("name", ["MANIFEST_CONTAINER", "WAKE_UP_QUEUE"])
def test_what_storage_cannot_be_called_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}', but a name has 3 to 63"):
        read_settings(LEAST | {name: value})


def test_manifests_have_a_container_of_their_own() -> None:
    with pytest.raises(SettingsError, match="MANIFEST_CONTAINER is 'manifest-pacing', where the app keeps"):
        read_settings(LEAST | {"MANIFEST_CONTAINER": "manifest-pacing"})
    assert read_settings(LEAST | {"WAKE_UP_QUEUE": "manifest-pacing"})


def test_a_lease_outlasts_the_longest_call() -> None:
    assert read_settings(LEAST).delays.lease == SHORTEST_LEASE > LONGEST_CALL + LONGEST_PAGING
    assert read_settings(LEAST | {"LEASE_DURATION": "PT1H"}).delays.lease == timedelta(hours=1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1234", "https://localhost", "http://[::1]:80"])
def test_a_lease_may_be_quick_on_this_machine_alone(url: str) -> None:
    quick = LEAST | {"LEASE_DURATION": "PT1S"}
    assert read_settings(quick | {"PARTNER_CENTER_URL": url}).delays.lease == timedelta(seconds=1)
    for elsewhere in ("", "https://partner.example"):
        with pytest.raises(SettingsError, match="LEASE_DURATION is less than PT5M"):
            read_settings(quick | {"PARTNER_CENTER_URL": elsewhere})


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


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"GIVE_UP_AFTER": "soon"})
    names = ("MANIFEST_CONTAINER", "WAKE_UP_QUEUE", "ManifestStorage__blobServiceUri", "GIVE_UP_AFTER")
    assert all(name in str(error.value) for name in names)


def test_only_a_user_may_have_batches_created() -> None:
    with pytest.raises(SettingsError, match="only PARTNER_CENTER_AUTH=app_user may create batches"):
        read_settings(LEAST | {"CREATE_MISSING_BATCH": "true"})

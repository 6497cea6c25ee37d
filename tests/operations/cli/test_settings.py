"""Settings: what they are, where they come from, and what is said where one is wrong."""

import json
import os
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.conftest import new_database
from tests.operations.cli.conftest import variables_of
from tests.operations.cli.terminal import run
from tests.operations.cli.terms import TERMS
from tests.server.in_process import served

from contract_server.contracts.models import TerminationApplication
from contract_server.db.connection import database
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.policies.policies import served_policies, versions_in_use
from contract_server.settings import EnvironmentName, Settings, SettingsError, load_settings
from contract_server.worker.queue import queue_name

HIDDEN = "vErY-hidden-J8vX3mkQ2zW7pTd9-c5Hb"
DATABASE = {"DATABASE_URL": f"postgresql://server:{HIDDEN}@db.example.jp:5432/contracts"}
DEVELOPMENT = {"ENVIRONMENT": "development", **DATABASE}
PRODUCTION = {
    **DATABASE,
    "PUBLIC_URL": "https://keiyaku.example.jp",
    "MAIL_SENDER": "a@example.jp",
    "SECRET_KEY": HIDDEN,
}


def refusal_of(variables: dict[str, str]) -> str:
    """Why no process starts with these variables."""
    with patch.dict(os.environ, variables, clear=True), pytest.raises(SettingsError) as refusal:
        load_settings.__wrapped__()
    return str(refusal.value)


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


async def test_settings_are_shown_with_where_they_come_from_and_without_secrets(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text(f"smtp://user:{HIDDEN}@mail.example.jp\n")
    variables = PRODUCTION | {"SMTP_URL_FILE": str(tmp_path / "smtp"), "REQUEST_DEADLINE": "30s"}
    shown, listed = await run(variables, "settings"), await run(variables, "settings", "--json")
    assert (shown.status, listed.status, shown.errors, listed.errors) == (0, 0, "", "")
    assert HIDDEN not in shown.output + listed.output
    found = {each.pop("name"): each for each in json.loads(listed.output)}
    assert found.keys() == {name.upper() for name in Settings.model_fields}
    assert all(each["meaning"] for each in found.values())
    values = {name: (found[name]["value"], found[name]["from"]) for name in found}
    assert values["DATABASE_URL"] == ("postgresql://server:***@db.example.jp:5432/contracts", "DATABASE_URL")
    assert values["SMTP_URL"] == ("smtp://user:***@mail.example.jp", f"SMTP_URL_FILE ({tmp_path / 'smtp'})")
    assert values["SECRET_KEY"] == ("***", "SECRET_KEY")
    assert values["REQUEST_DEADLINE"] == ("30s", "REQUEST_DEADLINE")
    assert values["SESSION_IDLE_LIMIT"] == ("2h", "default")
    assert values["TRUSTED_PROXIES"] == (None, "default")
    assert [line.split()[0] for line in shown.output.splitlines()] == ["setting", *found]


async def test_a_file_holds_a_setting_as_well_as_a_variable_does(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(DATABASE["DATABASE_URL"] + "\n")
    (tmp_path / "level").write_text("DEBUG")
    files = {"DATABASE_URL_FILE": str(tmp_path / "url"), "LOG_LEVEL_FILE": str(tmp_path / "level")}
    listed = await run({"ENVIRONMENT": "development", **files}, "settings", "--json")
    found = {each["name"]: each["value"] for each in json.loads(listed.output)}
    assert (found["DATABASE_URL"], found["LOG_LEVEL"]) == (
        "postgresql://server:***@db.example.jp:5432/contracts",
        "DEBUG",
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, ("DATABASE_URL: not set; ", "postgresql://user:password@host:port/database")),
        ({"DATABSE_URL": "x"}, ("DATABASE_URL: not set; ", "DATABSE_URL is, and may be a slip")),
        ({"DATABASE_URL": f"mysql://u:{HIDDEN}@h/d"}, ("DATABASE_URL: ", "expected postgresql://user:password@")),
        ({"DATABASE_URL": f"postgresql://u:{HIDDEN}@h:port/d"}, ("DATABASE_URL: ", "host and port")),
        (DEVELOPMENT | {"ENVIRONMENT": "staging"}, ("ENVIRONMENT: 'staging' ", "'development' or 'production'")),
        (DEVELOPMENT | {"DATABASE_POOL_SIZE": "many"}, ("DATABASE_POOL_SIZE: 'many' ", "valid integer")),
        (DEVELOPMENT | {"DATABASE_POOL_SIZE": "1"}, ("DATABASE_POOL_SIZE: '1' ", "greater than or equal to 2")),
        (DEVELOPMENT | {"REDIS_URL": "http://h"}, ("REDIS_URL: ", "expected redis://")),
        (DEVELOPMENT | {"SMTP_URL": f"smtp://u:{HIDDEN}@"}, ("SMTP_URL: ", "expected smtp://user:password@host:port")),
        (DEVELOPMENT | {"MAIL_SENDER": "おまかせ"}, ("MAIL_SENDER: 'おまかせ' ", "no-reply@example.jp")),
        (DEVELOPMENT | {"MAIL_DOMAIN": "-"}, ("MAIL_DOMAIN: '-' ", "expected a domain")),
        (DEVELOPMENT | {"CONTACT_URL": "javascript:alert(1)"}, ("CONTACT_URL: ", "expected https://host")),
        (DEVELOPMENT | {"PUBLIC_URL": "https://h/?q"}, ("PUBLIC_URL: ", "without ?")),
        (DEVELOPMENT | {"REQUEST_DEADLINE": "10"}, ("REQUEST_DEADLINE: '10' ", "as in 30s, 15m, 2h or 7d")),
        (DEVELOPMENT | {"REQUEST_DEADLINE": "0s"}, ("REQUEST_DEADLINE: ", "greater than")),
        (DEVELOPMENT | {"CORS_ORIGINS": "https://h/path"}, ("CORS_ORIGINS: ", "without a path")),
        (DEVELOPMENT | {"CORS_HEADERS": "*"}, ("CORS_HEADERS: ", "expected names of headers, as X-Team")),
        (DEVELOPMENT | {"TRUSTED_PROXIES": "everybody"}, ("TRUSTED_PROXIES: ", "'everybody'")),
        (DEVELOPMENT | {"LOG_LEVEL": "LOUD"}, ("LOG_LEVEL: 'LOUD' ", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'")),
        (DEVELOPMENT | {"SECRET_KEY": HIDDEN[:31]}, ("SECRET_KEY: ", "expected 32 random characters or more")),
        (DEVELOPMENT | {"SMTP_URL_FILE": "/nowhere"}, ("SMTP_URL_FILE: /nowhere cannot be read", "a file that holds")),
        (DEVELOPMENT | {"DATABASE_URL_FILE": "/a"}, ("DATABASE_URL and DATABASE_URL_FILE are both set", "one of them")),
    ],
)
def test_what_is_wrong_with_a_setting_is_told_in_one_line(variables: dict[str, str], said: tuple[str, str]) -> None:
    line = refusal_of(variables)
    assert line.startswith(said[0])
    assert said[1] in line
    assert HIDDEN not in line
    assert "\n" not in line


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "settings"])
async def test_a_wrong_setting_stops_the_start_with_that_line_alone(command: str) -> None:
    wrong = DEVELOPMENT | {"LOG_LEVEL": "LOUD"}
    assert (await run(wrong, command)).refusal == (3, refusal_of(wrong))


@pytest.mark.parametrize(
    ("development_default", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY: not set; expected 32 random characters"),
        ({"SECRET_KEY": "known to everybody: for development alone"}, "SECRET_KEY: its value, not shown here, "),
        ({"SECRET_KEY": "0123456789" * 4}, "SECRET_KEY: its value, not shown here, does not fit; expected 32 random"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES: '0.0.0.0/0' does not fit; expected the addresses of"),
        ({"CORS_ORIGINS": "http://partner.example"}, "CORS_ORIGINS: 'http://partner.example' does not fit; expected"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL: not set; expected https://"),
        ({"PUBLIC_URL": "http://keiyaku.example.jp"}, "PUBLIC_URL: 'http://keiyaku.example.jp' does not fit; "),
        ({"PUBLIC_URL": "https://localhost"}, "PUBLIC_URL: 'https://localhost' does not fit; "),
        ({"MAIL_SENDER": ""}, "MAIL_SENDER: not set; expected an address of your own"),
        ({"MAIL_SENDER": "no-reply@keiyaku.test"}, "MAIL_SENDER: 'no-reply@keiyaku.test' does not fit; "),
        ({"MAIL_DIR": "/var/mail"}, "MAIL_DIR: '/var/mail' does not fit; expected SMTP_URL instead"),
    ],
)
def test_production_does_not_start_with_what_is_for_development(
    development_default: dict[str, str], named: str
) -> None:
    assert refusal_of(PRODUCTION | development_default).startswith(named)


@pytest.mark.parametrize("command", ["worker", "sweep"])
async def test_production_erases_only_where_a_ledger_can_be_kept(command: str) -> None:
    without = PRODUCTION | {"SMTP_URL": "smtp://127.0.0.1:1"}
    status, line = (await run(without, command)).refusal
    assert (status, line.partition(";")[0]) == (3, "LEDGER_DIR: not set")


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_production_does_not_start_on_a_database_of_development(seeded: Settings, command: str) -> None:
    variables = variables_of(seeded) | PRODUCTION | {"DATABASE_URL": variables_of(seeded)["DATABASE_URL"]}
    variables |= {"ENVIRONMENT": "production", "MAIL_DIR": ""}
    variables |= {"SMTP_URL": "smtp://127.0.0.1:1", "LEDGER_DIR": "/srv/ledger"}
    status, line = (await run(variables, command)).refusal
    assert (status, line) == (
        3,
        "DATABASE_URL: the database holds the demonstration accounts; use one that was never seeded",
    )


async def test_a_variable_that_looks_like_a_setting_is_told_of() -> None:
    ended = await run(DEVELOPMENT | {"LOG_LEVLE": "DEBUG", "SMTP_URI_FILE": "/a", "EDITOR": "vi"}, "settings")
    assert (ended.status, ended.errors.splitlines()) == (
        0,
        [
            "contract-server: LOG_LEVLE is not a setting; did you mean LOG_LEVEL?",
            "contract-server: SMTP_URI_FILE is not a setting; did you mean SMTP_URL_FILE?",
        ],
    )


async def test_commands_say_when_the_database_is_away_or_lacks_the_schema(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    away = DEVELOPMENT | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "MAIL_DIR": str(tmp_path)}
    assert (await run(away, "due")).refusal == (4, "the database cannot be reached; see DATABASE_URL")
    empty = away | {"DATABASE_URL": await new_database(postgres)}
    status, line = (await run(empty, "due")).refusal
    assert (status, line) == (4, "the database has another version's schema; see `contract-server migrate`")


def write_policies(folder: Path, **validity: str) -> Path:
    """A folder with these versions of the policy, each with the TOML lines that say when it is in force."""
    folder.mkdir()
    for version, lines in validity.items():
        (folder / f"{version}.toml").write_text(TERMS.format(version=version, erasure=45, validity=lines))
    return folder


def test_policies_come_from_a_folder(tmp_path: Path) -> None:
    change = "2027-04-01"
    policies = served_policies(
        write_policies(tmp_path / "p", old=f"valid_until = {change}", new=f"valid_from = {change}")
    )
    assert (policies.name, [policy.version for policy in policies.registry]) == ("omakase-login", ["old", "new"])


@pytest.mark.parametrize(
    ("validity", "said"),
    [
        ({}, "at least one"),
        ({"one": "", "two": ""}, "still in force"),
        ({"one": "valid_until = 2027-04-01", "two": "valid_from = 2027-04-02"}, "write valid_from = 2027-04-01"),
        ({"one": "valid_until = 2027-04-01"}, "write no valid_until"),
        ({"one": "valid_until = soon"}, "one.toml"),
    ],
)
def test_a_folder_that_leaves_a_day_without_a_policy_is_refused(
    tmp_path: Path, validity: dict[str, str], said: str
) -> None:
    folder = write_policies(tmp_path / "policies", **validity)
    with pytest.raises(SettingsError, match="POLICY_DIR: ") as refusal:
        served_policies(folder)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("deadline", ["service_end", "resumption", "erasure"])
@pytest.mark.parametrize("rule", ['unit = "business_day"\nweekend = [6, 7]', 'unit = "day"\nfirst_day = "include"'])
def test_a_period_that_is_no_number_of_days_is_refused(tmp_path: Path, deadline: str, rule: str) -> None:
    folder = write_policies(tmp_path / "policies", one="")
    (file,) = folder.iterdir()
    before, table, after = file.read_text().partition(f"[{deadline}]\n")
    file.write_text(before + table + after.replace('unit = "day"', rule, 1))
    with pytest.raises(SettingsError, match=rf"^POLICY_DIR: .*: omakase-login one: write {deadline} as a number"):
        served_policies(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"POLICY_DIR: .* cannot be read"):
        served_policies(tmp_path / "nowhere")


async def test_no_process_starts_without_a_version_that_applications_were_made_under(
    seeded: Settings, tmp_path: Path
) -> None:
    async with database(seeded):
        await TerminationApplication.filter(number=1).update(policy_version="0.9")
    status, line = (await run(variables_of(seeded), "serve")).refusal
    assert (status, line) == (
        3,
        "POLICY_DIR: applications were made under omakase-login 0.9; add that version's file",
    )
    folder = write_policies(
        tmp_path / "policies", **{"0.9": "valid_until = 2024-01-01", "1.0": "valid_from = 2024-01-01"}
    )
    async with database(seeded):
        in_use = await versions_in_use()
    assert served_policies(folder).missing(in_use) == []
    assert served_policies().missing(in_use) == ["0.9"]


def test_development_needs_no_more_than_a_database() -> None:
    settings = Settings.model_validate({"environment": "development", "database_url": DATABASE["DATABASE_URL"]})
    assert settings.environment is EnvironmentName.DEVELOPMENT


def test_two_deployments_that_share_one_redis_have_a_queue_each() -> None:
    def queue(database: str, secret_key: str, host: str = "db.example.jp") -> str:
        given = {"database_url": f"postgresql://{host}/{database}", "secret_key": secret_key}
        return queue_name(Settings.model_validate({"environment": "development", **given}))

    ours = queue("contracts", HIDDEN)
    assert ours == queue("contracts", HIDDEN, host="127.0.0.1")  # two ways to one database are one deployment
    assert len({ours, queue("staging", HIDDEN), queue("contracts", HIDDEN[::-1])}) == 3
    assert HIDDEN not in ours


async def test_a_server_on_an_unfit_database_is_not_ready(seeded: Settings) -> None:
    async with served(seeded) as client:
        assert (await client.get("/readyz")).status_code == 200
        await TerminationApplication.filter(number=1).update(policy_version="0.9")
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "ok": False,
            "reason": "POLICY_DIR: applications were made under omakase-login 0.9; add that version's file",
        },
    )


async def test_no_process_starts_before_the_first_version_is_in_force(seeded: Settings, tmp_path: Path) -> None:
    folder = write_policies(
        tmp_path / "policies",
        **{"1.0": "valid_from = 9000-01-01\nvalid_until = 9001-01-01", "2": "valid_from = 9001-01-01"},
    )
    assert (await run(variables_of(seeded) | {"POLICY_DIR": str(folder)}, "worker")).refusal == (
        3,
        "POLICY_DIR: no version of omakase-login is in force yet; add the one that is",
    )

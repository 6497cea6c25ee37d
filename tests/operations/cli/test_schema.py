"""`contract-server export-schema` writes the schemas that are checked in."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract_server.cli.command_line import command_line
from contract_server.cli.commands.schema import export_schema
from contract_server.cli.exit_status import Refusal, Status

SERVER = Path(__file__).parents[3] / "packages" / "server"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ((), "schema.graphql"),
        (("--production",), "schema.production.graphql"),
        (("--possible-types",), "possible-types.json"),
    ],
)
def test_standard_output_and_a_file_get_the_schema_of_the_repository(
    options: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    cli = command_line("export-schema")
    schema = (SERVER / name).read_text(encoding="utf-8")
    assert CliRunner().invoke(cli, ["export-schema", *options]).output == schema
    assert CliRunner().invoke(cli, ["export-schema", *options, str(tmp_path / name)]).output == ""
    assert (tmp_path / name).read_text(encoding="utf-8") == schema


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"cannot be written \(No such file or directory\)") as refusal:
        export_schema(tmp_path / "no folder" / "schema.graphql")
    assert refusal.value.status == Status.MISUNDERSTOOD

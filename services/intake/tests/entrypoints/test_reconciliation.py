"""Two systems' lists side by side, through the command as an operator types it."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from deploy.local.postgres import Database
from services.intake.adapters.rules import eras
from services.intake.domain.refused import RefusedError
from services.intake.entrypoints.stated_codes import LineError, read_stated
from services.intake.tests.town import DAY, NEIGHBOUR, UNIT, Town

CODE = f"{UNIT}-{DAY}-0001"


async def _reconcile(database: Database, *arguments: str) -> tuple[int, str, str]:
    environment = {
        **os.environ,
        "DATABASE_URL": database.dsn("intake"),
        "KAFKA_BOOTSTRAP_SERVERS": "unused:1",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.intake", "reconcile", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_reconciliation_report_lists_every_code_on_which_two_systems_differ(
    town: Town, database: Database, tmp_path: Path
) -> None:
    agrees, differs, missing = [await town.code() for _ in range(3)]
    moved = await town.code()
    answer = await town.move(moved, "transfers", {"to_agency": NEIGHBOUR})
    assert answer.status_code == 200, answer.text
    unheard = f"{agrees[:-4]}0999"
    file = tmp_path / "theirs.csv"
    file.write_text(
        "\ufeffname,code,status\n"
        f"An,{agrees},2\nBình,{differs},9\nChi,{unheard},4\nDũng,{moved},{4}\n",
        encoding="utf-8",
    )
    status = {code: (await _status(database, code)) for code in (agrees, differs, missing, moved)}
    code, out, err = await _reconcile(database, str(file), "--agency", UNIT, "--json")
    assert (code, err) == (1, "")
    found = orjson.loads(out)
    assert found["compared"] == 5
    expected: list[dict[str, Any]] = [
        {"code": differs, "kind": "status", "here": status[differs], "there": 9},
        {"code": missing, "kind": "only_here", "here": status[missing], "there": None},
        {"code": unheard, "kind": "only_there", "here": None, "there": 4},
    ]
    assert found["differences"] == sorted(expected, key=lambda one: str(one["code"]))
    # What the neighbour never had is not missed there; what it has is compared all the same.
    file.write_text(f"code,status\n{moved},{status[moved]}\n{agrees},9\n", encoding="utf-8")
    code, out, _ = await _reconcile(database, str(file), "--agency", NEIGHBOUR)
    assert code == 1
    assert "2 codes compared, 1 differ" in out
    assert agrees in out


async def test_two_systems_that_agree_end_well(
    town: Town, database: Database, tmp_path: Path
) -> None:
    code = await town.code()
    file = tmp_path / "theirs.ndjson"
    file.write_bytes(orjson.dumps({"code": code, "status": await _status(database, code)}) + b"\n")
    assert await _reconcile(database, str(file)) == (0, "1 codes compared, 0 differ\n", "")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", f"code,status\n{CODE},11\n", "line 2: status is '11': a national status"),
        ("b.csv", "code,status\nH19,4\n", "line 2: code is 'H19'"),
        ("c.csv", f"code,status\n{CODE},4\n{CODE},5\n", "line 3: status is 5: one status per code"),
        ("d.csv", f"code\n{CODE}\n", "header is ['code']: a column is called status"),
        ("e.ndjson", "{\n", "line 1: line is '{': not JSON"),
        ("f.ndjson", "[1]\n", "line 1: line is '[1]': a JSON object"),
        ("g.xls", "", "file is 'g.xls': its name ends in"),
    ],
)
def test_a_line_that_cannot_be_compared_is_named_with_field_value_and_rule(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises((LineError, RefusedError)) as refused:
        read_stated(file, eras())
    assert said in str(refused.value)


async def test_a_file_that_cannot_be_read_ends_the_command_with_words(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text(f"code,status\n{CODE},0\n", encoding="utf-8")
    said = "theirs.csv: line 2: status is '0': a national status is 1 to 10\n"
    assert await _reconcile(database, str(file)) == (2, "", said)


async def _status(database: Database, code: str) -> int:
    connection = await asyncpg.connect(database.dsn("intake"))
    try:
        status: int = await connection.fetchval("select status from dossiers where code = $1", code)
        return status
    finally:
        await connection.close()

"""A migration only adds: the version before reads and writes on, until its last replica is gone.

docs/runbooks/upgrade.md has the rule; what takes away says so by its name, `NNNN_contract_….sql`.
"""

import re
from pathlib import Path

import pytest

from deploy.local.children import CHECKOUT
from deploy.local.postgres import Database
from shared.postgres import PLUMBING, MigrationError, is_contract, migrate

TAKES_AWAY = {
    "drops what the version before reads": r"drop\s+(table|view|schema|type|function|trigger)",
    "drops a column": r"drop\s+column",
    "drops a key that the version before names on conflict": r"drop\s+constraint\s+\w+_pkey",
    "renames": r"\brename\b",
    "changes a type": r"alter\s+column\s+\w+\s+(set\s+data\s+)?type\b",
    "asks for a column that the version before does not fill": r"set\s+not\s+null|drop\s+default",
    "adds a column that the version before does not fill": (
        r"add\s+column\s+(if\s+not\s+exists\s+)?\w+\s+(?![^,;]*(\bdefault\b|\bgenerated\b))[^,;]*not\s+null"
    ),
    "takes rows away": r"\b(truncate|delete\s+from)\b",
}
BEFORE_THE_RULE = {
    "deadline/0002_rungs.sql",
    "feedback/0002_reports.sql",
    "feedback/0006_answers.sql",
    "feedback/0007_every_change_is_told.sql",
    "intake/0005_every_change_is_told.sql",
}
"""Written before there was a rule, and before any release: across these there is no upgrade without a
pause. Nothing is added here any more."""
FILES = sorted(
    [*CHECKOUT.glob("services/*/migrations/*.sql"), *PLUMBING.glob("*.sql")], key=lambda file: file
)


def name_of(file: Path) -> str:
    return f"{file.parent.parent.name}/{file.name}"


def takes_away(sql: str) -> list[str]:
    """What a migration does that the version before would feel; empty when it only adds."""
    text = re.sub(r"--[^\n]*|'(?:[^']|'')*'|\(\s*\d+[\d\s,]*\)", "''", sql)
    made_here = re.findall(r"create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)", text, re.I)
    # What is done to a table that the same file makes, nobody else has seen.
    for table in made_here:
        text = re.sub(rf"(alter\s+table|delete\s+from)\s+{table}\b[^;]*;", "", text, flags=re.I)
    return [what for what, pattern in TAKES_AWAY.items() if re.search(pattern, text, re.I)]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_migration_only_adds(file: Path) -> None:
    if is_contract(file.name):
        return
    found = takes_away(file.read_text(encoding="utf-8"))
    assert bool(found) == (name_of(file) in BEFORE_THE_RULE), found


@pytest.mark.parametrize(
    ("sql", "is_taken"),
    [
        ("alter table d add column x text;", False),
        ("alter table d add column x text not null default '';", False),
        ("alter table d add column x text not null;", True),
        ("alter table d add column x numeric(3, 1) not null, add column y int default 1;", True),
        ("alter table d drop column x;", True),
        ("ALTER TABLE d RENAME COLUMN x TO y;", True),
        ("alter table d alter column x type bigint;", True),
        ("alter table d alter column x set not null;", True),
        ("drop table d;", True),
        ("alter table d drop constraint d_pkey, add primary key (x, y);", True),
        ("drop index d_x; create index d_y on d (y);", False),
        ("alter table d drop constraint d_check, add constraint d_check check (x < 9);", False),
        ("-- drop table d\nselect 'rename';", False),
        ("create table n (x int); alter table n alter column x set not null;", False),
        ("delete from d;", True),
    ],
)
def test_what_takes_away_is_seen(sql: str, is_taken: bool) -> None:
    assert bool(takes_away(sql)) == is_taken


async def test_what_contracts_waits_until_it_is_asked_for(
    tmp_path: Path, database: Database
) -> None:
    own, dsn = tmp_path / "deadline" / "migrations", database.dsn("deadline")
    own.mkdir(parents=True)
    (own / "0001_first.sql").write_text("create table a (x int, y int)")
    (own / "0002_contract_first.sql").write_text("alter table a drop column x")
    # Nobody runs on an empty schema.
    assert len(await migrate(dsn, [own])) == 2
    (own / "0003_contract_y.sql").write_text("alter table a drop column y")
    (own / "0004_more.sql").write_text("create table b ()")
    assert await migrate(dsn, [own]) == ["deadline/0004_more.sql"]
    assert await migrate(dsn, [own], is_contracting=True) == ["deadline/0003_contract_y.sql"]
    assert await migrate(dsn, [own], is_contracting=True) == []
    # The version before cannot migrate what it does not know.
    (own / "0004_more.sql").unlink()
    with pytest.raises(MigrationError, match=r"from the future.*0004_more"):
        await migrate(dsn, [own])

"""`notices preview` and `notices check`: no server, no settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from services.feedback.adapters.notice_texts import NoticeTexts
from services.feedback.domain.notices import Kind
from services.feedback.entrypoints.notice_commands import add_notice_commands


def ask(*arguments: str) -> Result:
    app = typer.Typer()

    @app.command("other")
    def _other() -> None:
        """So that `notices` is a command among others."""

    add_notice_commands(app, NoticeTexts)
    return CliRunner().invoke(app, ["notices", *arguments])


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "H10.01"
    folder.mkdir()
    for language, words in (("vi", "Chúc mừng!"), ("en", "Hooray!")):
        file = folder / f"congratulations.{language}.txt"
        file.write_text(f"{words} {{{{ agency }}}} {{{{ dossier }}}}\n", encoding="utf-8")
    return tmp_path


def test_every_kind_is_shown_in_both_languages_with_made_up_values() -> None:
    told = ask("preview", "--json")
    assert told.exit_code == 0, told.output
    previews = json.loads(told.stdout)
    assert {one["kind"] for one in previews} == set(Kind)
    assert all("H00.00-20260821-0001" in text for one in previews for text in one["text"].values())
    assert all("UBND phường Ví Dụ" in one["text"]["vi"] for one in previews)
    assert all(one["text"].keys() == {"vi", "en"} for one in previews)


def test_one_kind_in_one_language_and_an_agencys_own_words(texts: Path) -> None:
    asked = ("preview", "--kind", "congratulations", "--language", "en")
    usual = ask(*asked, "--texts", str(texts))
    assert "Congratulations!" in usual.stdout and "Chúc mừng!" not in usual.stdout
    own = ask(*asked, "--texts", str(texts), "--agency", "H10.01")
    assert "Hooray! UBND phường Ví Dụ" in own.stdout
    none = ask(*asked, "--texts", str(texts), "--agency", "H10.99")
    assert "H10.99 has no words of its own (who has: H10.01)" in none.output
    assert "Congratulations!" in none.output


def test_a_good_directory_is_told_so(texts: Path) -> None:
    told = ask("check", str(texts))
    assert (told.exit_code, "1 agencies" in told.stdout) == (0, True)
    assert json.loads(ask("check", str(texts), "--json").stdout) == {
        "agencies": ["H10.01"],
        "faults": [],
    }


def test_a_bad_one_ends_with_file_line_field_and_rule(texts: Path) -> None:
    file = texts / "H10.01" / "congratulations.en.txt"
    file.write_text("{{ agency }} {{ dossier }}\n{{ applicant }}\n")
    told = ask("check", str(texts))
    assert told.exit_code == 1
    assert "H10.01/congratulations.en.txt, line 2: applicant: no such field" in told.output
    (fault,) = json.loads(ask("check", str(texts), "--json").stdout)["faults"]
    assert (fault["file"], fault["line"], fault["field"]) == (
        "H10.01/congratulations.en.txt",
        2,
        "applicant",
    )
    assert ask("check", str(texts / "nowhere")).exit_code == 2


def test_a_bad_directory_stops_the_start_with_its_words(texts: Path) -> None:
    (texts / "H10.01" / "congratulations.en.txt").unlink()
    settings = {
        "DATABASE_URL": "postgresql://feedback:x@127.0.0.1:9/thanthien",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "NOTICE_TEXTS": str(texts),
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.feedback", "serve"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "H10.01/congratulations.en.txt: it is missing" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr

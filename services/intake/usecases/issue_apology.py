"""A head of unit gives Mẫu 04 its words; its dates are those deadline said."""

from datetime import datetime

from services.intake.domain.forms import (
    FormKind,
    FormRefusedError,
    FormRules,
    Words,
    form_of,
)
from services.intake.domain.written import is_written
from services.intake.usecases.gather_form import Gathered
from services.intake.usecases.ports import Actor, Transaction

NO_REASON = Words("phải ghi lý do bằng lời", "it bears the reason, in words")
NO_SIGNER = Words("phải ghi người ký", "it bears who signs it")
NO_DATES = Words(
    "hồ sơ chưa được hẹn lại: hai ngày do POST /deadlines/…/reappointment quyết định",
    "the dossier has no new appointment: both dates come from POST /deadlines/…/reappointment",
)
SECOND = Words(
    "hồ sơ đã có phiếu xin lỗi; chỉ được hẹn lại một lần",
    "the dossier has its apology already; it is given a new date once",
)


async def issue_apology(
    gathered: Gathered,
    reason: str | None,
    signer: str | None,
    actor: Actor,
    at: datetime,
    transaction: Transaction,
    rules: FormRules,
) -> None:
    """Keep the words of Mẫu 04.

    Raises `FormRefusedError` in the citizen's language without reason, signer or both dates, and for a
    second (rule 24; NĐ 61/2018 art. 19.9). The words stay here: no event carries them.
    """
    facts, language = gathered.facts, gathered.language
    form = form_of(FormKind.APOLOGY, facts.received_at.date(), rules.eras)
    name = "" if form is None else f"{form.name}: "

    def refused(field: str, value: object, rule: Words) -> FormRefusedError:
        return FormRefusedError(
            field, value, Words(f"{name}{rule.vi}", f"{name}{rule.en}"), language
        )

    if not is_written(reason):
        raise refused("reason", reason, NO_REASON)
    if not is_written(signer):
        raise refused("signer", signer, NO_SIGNER)
    if not gathered.is_reappointed:
        raise refused("original_appointment_at", None, NO_DATES)
    kept = await transaction.slips.keep_apology(
        facts.code, (reason or "").strip(), (signer or "").strip(), actor, at
    )
    if not kept:
        raise refused("form", form.number if form else None, SECOND)

"""Which problem (RFC 9457) each refusal is."""

from services.intake.domain.codes import DayFullError
from services.intake.domain.forms import FormRefusedError, Words
from services.intake.domain.life import IllegalMoveError
from services.intake.domain.refused import RefusedError
from services.intake.usecases.gather_form import NotIssuedError
from services.intake.usecases.refusals import ForeignAgencyError, KeyReusedError, UnknownError
from shared.postgres import is_transient
from shared.problems import Problem, not_now

FORM_REFUSED = Words("Biểu mẫu không hợp lệ", "The form is refused")
NOT_ISSUED = Words("Hồ sơ chưa có biểu mẫu này", "The dossier does not have this form")


def problem_of(error: Exception) -> Problem:
    """The problem to answer. Raises `error` itself when it is nobody's input that is at fault."""
    match error:
        case Problem():
            return error
        case FormRefusedError():
            problem = Problem(
                422,
                FORM_REFUSED.told(error.language),
                error.rule,
                type="refused",
                field=error.field,
                value=error.value,
                rule=error.rule,
            )
            problem.headers = {"Content-Language": error.language}
            return problem
        case NotIssuedError():
            problem = Problem(
                409,
                NOT_ISSUED.told(error.language),
                str(error),
                type="not-issued",
                code=error.code,
                form=error.form,
            )
            problem.headers = {"Content-Language": error.language}
            return problem
        case RefusedError():
            return Problem(
                422,
                "A rule is broken",
                str(error),
                type="refused",
                field=error.field,
                value=error.value,
                rule=error.rule,
            )
        case IllegalMoveError():
            return Problem(
                409,
                "The dossier cannot go there",
                str(error),
                type="illegal-move",
                **{"code": error.code, "from": error.from_state, "to": error.to, "why": error.why},
            )
        case DayFullError():
            return Problem(409, "The day is full", str(error), type="day-full")
        case KeyReusedError():
            return Problem(
                422,
                "Another request",
                str(error),
                type="key-reused",
                field="Idempotency-Key",
                value=error.key,
                rule="a key stands for one request",
            )
        case UnknownError():
            return Problem(404, f"No such {error.kind}", str(error), type="unknown")
        case ForeignAgencyError():
            return Problem(
                403,
                "Not your agency",
                str(error),
                type="foreign-agency",
                agency=error.responsible,
            )
    if is_transient(error):
        return not_now("the database is away; ask again with the same Idempotency-Key")
    raise error

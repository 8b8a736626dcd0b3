"""Why a use case says no, where the domain has no word for it."""


class KeyReusedError(ValueError):
    """An Idempotency-Key that already stands for another request."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} was used for another request")
        self.key = key


class UnknownError(LookupError):
    """There is no such thing. `kind` is dossier, agency or procedure."""

    def __init__(self, kind: str, code: str) -> None:
        super().__init__(f"there is no {kind} {code!r}")
        self.kind = kind
        self.code = code


class ForeignAgencyError(PermissionError):
    """The caller acts for another agency than the one that may do this."""

    def __init__(self, acting_for: str | None, responsible: str) -> None:
        super().__init__(f"a caller of {acting_for} may not act for {responsible}")
        self.acting_for = acting_for
        self.responsible = responsible

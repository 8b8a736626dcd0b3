"""Input that breaks a rule: which field, which value, which rule."""


class RefusedError(ValueError):
    """What was asked cannot be done as it stands; nothing was changed.

    `field` is the input's field, `value` what it held, `rule` the rule in words a clerk can act on.
    """

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field} is {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule

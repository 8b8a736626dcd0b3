"""Whom the load acts for: a few agencies, and procedures with every kind of limit."""

from deploy.local.calls import Calls

AGENCIES = tuple(f"H10.40.{number}" for number in range(21, 30))
Limit = dict[str, str | int]

PROCEDURES: dict[str, tuple[str, Limit]] = {
    "thu.trong-ngay": ("Chứng thực bản sao", {"kind": "same_day"}),
    "thu.ba-ngay": ("Đăng ký, ba ngày làm việc", {"kind": "working_days", "amount": 3}),
    "thu.tam-gio": ("Xác nhận, tám giờ", {"kind": "hours", "amount": 8}),
    "thu.khong-han": ("Tiếp nhận, không có thời hạn", {"kind": "none"}),
}
SAME_DAY = "thu.trong-ngay"
DAY = [{"opens": "07:00", "closes": "11:30"}, {"opens": "13:30", "closes": "17:00"}]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
LONG_AGO = "2020-01-01"


async def found_town(calls: Calls) -> None:
    """Register everything; done once, before the first blow."""
    for procedure, (name, limit) in PROCEDURES.items():
        await register_procedure(calls, procedure, name, LONG_AGO, limit)
    for number, agency in enumerate(AGENCIES, start=1):
        path = f"/agencies/{agency}"
        body = {"name": f"Đơn vị thử {number}", "valid_from": LONG_AGO}
        await calls.ask("PUT", "intake", path, "operator", json=body)
        pledge = {
            "valid_from": LONG_AGO,
            "hours": dict.fromkeys(WEEKDAYS, DAY),
            "same_day": [SAME_DAY],
            "keeps_friday": True,
            "forwards": True,
        }
        await calls.ask("POST", "intake", f"{path}/pledges", "head_of_unit", agency, json=pledge)


async def register_procedure(
    calls: Calls, procedure: str, name: str, valid_from: str, limit: Limit
) -> None:
    """A procedure with one limit, in force from `valid_from` on."""
    body = {"name": name, "limits": [{"valid_from": valid_from, **limit}]}
    await calls.ask("PUT", "intake", f"/procedures/{procedure}", "operator", json=body)

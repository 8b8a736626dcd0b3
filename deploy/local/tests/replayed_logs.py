"""A log of the city of Boston in small, for replays to read."""

import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.local.replaying.mapping import read_mapping

MAPPING = read_mapping()


ZONE = ZoneInfo("America/New_York")


HEADER = "case_id,open_dt,target_dt,closed_dt,type,queue,department,source"


# Received, promised, closed; what, where, how. 16/2/2015 is a holiday.
LINES = (
    "1,2015-02-10T09:00:00,2015-02-13T09:00:00,2015-02-12T10:00:00,Pothole,Q1,PW,Constituent Call",
    "2,2015-02-10T20:00:00,2015-02-17T08:30:00,2015-02-13T16:59:00,Pothole,Q1,PW,Self Service",
    "3,2015-02-11T10:30:00,2015-02-17T10:30:00,2015-02-17T11:00:00,Pothole,Q2,PW,City Worker App",
    "4,2015-02-11T10:45:00,,2015-02-11T10:45:00,Question,Q1,INFO,Constituent Call",
    "5,2015-02-12T08:00:00,2015-02-12T17:00:00,2015-02-12T08:30:00,Wire down,Q2,PW,Constituent Call",
    "6,2015-02-12T14:00:00,2015-02-12T17:00:00,2015-02-13T09:00:00,Wire down,Q2,PW,Twitter",
    "7,2015-02-12T16:00:00,2015-02-12T17:00:00,,Wire down,Q2,PW,Constituent Call",
    "8,2015-02-13T12:00:00,2015-02-19T12:00:00,2015-02-13T11:59:00,Pothole,Q1,PW,Self Service",
    "9,2015-02-14T12:00:00,2015-02-20T08:30:00,,Pothole,Q1,PW,Self Service",
)


def log_file(directory: Path, *lines: str, header: str = HEADER) -> Path:
    file = directory / "log.csv.gz"
    file.write_bytes(gzip.compress("\n".join((header, *lines, "")).encode()))
    return file

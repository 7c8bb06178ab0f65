"""What is signed, as tables: for whoever asks the database. Nothing is ever read from here."""

import json

from ..policy import schedules
from ..policy.chain import History
from ..site import devices
from . import models
from .opening import Register


def renew(register: Register, history: History) -> None:
    """Make doors, zones, schedules and boards as they are in ``history`` and devices.json."""
    state, connection = history.state, register.connection
    made = {
        models.doors: [
            {"number": number, "name": name} for number, name in sorted(state.doors.items())
        ],
        models.zones: [
            {"name": zone, "doors": json.dumps(state.doors_in(zone), ensure_ascii=False)}
            for zone in sorted(state.zones)
        ],
        models.schedules: [
            {
                "name": name,
                "weekly": "; ".join(schedules.format_week(schedule.week)),
                "on_holidays": "; ".join(schedules.format_on_holidays(schedule.on_holidays)),
            }
            for name, schedule in sorted(state.schedules.items())
        ],
        models.boards: [
            {
                "id": one.id,
                "role": one.role,
                "doors": json.dumps(one.doors, ensure_ascii=False),
                "expires": one.expires,
                "revoked": one.revoked,
            }
            for one in devices.load(register.site.folder)
        ],
    }
    for table, rows in made.items():
        connection.execute(table.delete())
        if rows:
            connection.execute(table.insert(), rows)

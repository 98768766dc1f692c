"""Prints the rows of a board after each change, as one line of JSON:

python follow.py http://127.0.0.1:5000/boards/main
"""

import json
import sys
import time

import httpx
from httpx_sse import SSEError, connect_sse

rows, last_id, retry_secs = {}, "", 3.0


def key_of(row):
    return row["flight"], row.get("date"), row.get("leg")


def patch(change):
    row = rows[key_of(change)] | change
    rows[key_of(change)] = {name: value for name, value in row.items() if value is not None}


def apply(name, data):
    if name == "timetable":
        rows.clear()
        rows.update((key_of(row), row) for row in data["flights"])
    elif name == "flightAddition":
        rows[key_of(data)] = data
    elif name == "flightStateUpdate":
        patch(data)
    elif name == "flightRemoval":
        del rows[key_of(data)]
    elif name == "boardUpdate":
        for change in data.get("flights", []):
            patch(change)
    elif name == "closedConnection":
        sys.exit()


while True:
    try:
        # The server sends an event at least every 15 seconds.
        with httpx.Client(timeout=35) as client, connect_sse(
            client, "GET", f"{sys.argv[1]}/events", headers={"Last-Event-ID": last_id}
        ) as stream:
            if stream.response.status_code == 204:
                sys.exit()  # The board is closed.
            stream.response.raise_for_status()
            for event in stream.iter_sse():
                apply(event.event, json.loads(event.data))
                last_id = event.id or last_id
                retry_secs = event.retry / 1000 if event.retry else retry_secs
                if event.event != "heartbeat":
                    print(json.dumps(list(rows.values())), flush=True)
    except (httpx.HTTPError, SSEError) as error:
        print("not live:", error, file=sys.stderr)
    except (KeyError, ValueError):
        last_id = ""  # An event is lost: ask for all rows.
    time.sleep(retry_secs)

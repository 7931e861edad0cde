//! A moment as it is typed: a revision, or a time of day.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::model::moment::Timeline;
use crate::model::status::SeenAt;

/// Why a typed moment can not be gone to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is neither a revision nor a time.
    Unreadable,
    /// The revision has not been reached yet.
    Future,
    /// Nothing had been seen by that time.
    NothingSeen,
}

/// The revision that is meant: `r1234`, `1234`, `10:42`, `10:42:03`, `2026-11-21 10:42`. A time of
/// day is the last one that has passed.
pub fn moment(text: &str, timeline: &Timeline, applied: i64, now: SeenAt) -> Result<i64, Wrong> {
    let text = text.trim();
    let digits = text.strip_prefix(['r', 'R']).unwrap_or(text).replace([',', ' '], "");
    if let Ok(revision) = digits.parse::<i64>() {
        return match revision {
            ..1 => Err(Wrong::Unreadable),
            revision if revision > applied => Err(Wrong::Future),
            revision => Ok(revision),
        };
    }
    let time = time(text, now).ok_or(Wrong::Unreadable)?;
    if time > now {
        return Err(Wrong::Future);
    }
    timeline.at_time(time).map(|revision| revision.min(applied)).ok_or(Wrong::NothingSeen)
}

/// The end of the second, or of the minute, that is named.
fn time(text: &str, now: SeenAt) -> Option<SeenAt> {
    let zone = TimeZone::system();
    let today = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone()).date();
    let (date, clock) = match text.rsplit_once([' ', 'T']) {
        Some((date, clock)) => (Some(date.trim().parse::<Date>().ok()?), clock),
        None => (None, text),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let number = |part: &str| part.parse::<i8>().ok();
    let (time, within) = match parts.as_slice() {
        [hour, minute] => (Time::new(number(hour)?, number(minute)?, 0, 0).ok()?, 59_999),
        [hour, minute, second] => (Time::new(number(hour)?, number(minute)?, number(second)?, 0).ok()?, 999),
        _ => return None,
    };
    let at = |date: Date| {
        let zoned = DateTime::from_parts(date, time).to_zoned(zone.clone()).ok()?;
        Some(zoned.timestamp().as_millisecond())
    };
    let start = match date {
        Some(date) => at(date)?,
        None => at(today).filter(|start| *start <= now).or_else(|| at(today.yesterday().ok()?))?,
    };
    // The whole of it, but nothing that has not happened.
    Some(if start <= now { (start + within).min(now) } else { start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::moment::Tick;

    /// Noon of some day, here.
    fn noon() -> SeenAt {
        let date: Date = "2026-11-21".parse().expect("a date");
        let noon = DateTime::from_parts(date, Time::midnight()).to_zoned(TimeZone::system()).expect("a time");
        noon.timestamp().as_millisecond() + 12 * 3_600_000
    }

    fn timeline() -> Timeline {
        let tick = |revision, minutes_ago: i64| Tick {
            revision,
            seen_at: Some(noon() - minutes_ago * 60_000),
            created: 1,
            changed: 0,
            deleted: 0,
        };
        // Yesterday 23:00, today 10:42, 10:43, 11:59.
        Timeline {
            ticks: vec![tick(100, 780), tick(200, 78), tick(300, 77), tick(400, 1)],
            ..Timeline::default()
        }
    }

    #[test]
    fn revisions_and_times_are_read() {
        let read = |text: &str| moment(text, &timeline(), 500, noon());
        for (text, revision) in [
            ("r250", 250),
            (" 1 ", 1),
            ("R 4,5", 45),
            ("10:42", 200),
            ("10:43:00", 300),
            ("11:30", 300),
            ("12:00", 400),
            ("23:30", 100),
            ("2026-11-21 10:42", 200),
            ("2026-11-20T23:00:00", 100),
        ] {
            assert_eq!(read(text), Ok(revision), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_gone_to_says_why() {
        let read = |text: &str| moment(text, &timeline(), 500, noon());
        for (text, wrong) in [
            ("", Wrong::Unreadable),
            ("soon", Wrong::Unreadable),
            ("0", Wrong::Unreadable),
            ("10:42:03:04", Wrong::Unreadable),
            ("25:00", Wrong::Unreadable),
            ("501", Wrong::Future),
            ("2030-01-01 00:00", Wrong::Future),
            ("2020-01-01 00:00", Wrong::NothingSeen),
        ] {
            assert_eq!(read(text), Err(wrong), "{text}");
        }
    }
}

//! Times absolute with a relative hint, sizes in KiB and MiB, counts in groups of three.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_i18n::t;

use crate::model::status::SeenAt;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago, in words: `just now`, `12 s ago`, `3 min ago`.
#[must_use]
pub fn relative_text(seen_at: SeenAt, now: SeenAt) -> String {
    let age = now.saturating_sub(seen_at);
    let words = match age {
        ..SECOND => t!("common.just_now"),
        SECOND..MINUTE => t!("common.seconds_ago", n = age / SECOND),
        MINUTE..HOUR => t!("common.minutes_ago", n = age / MINUTE),
        HOUR..DAY => t!("common.hours_ago", n = age / HOUR),
        _ => t!("common.days_ago", n = age / DAY),
    };
    words.into_owned()
}

/// The time of day on this machine; with the date unless it is today's.
#[must_use]
pub fn clock_text(seen_at: SeenAt, now: SeenAt) -> String {
    let local =
        |at: SeenAt| Timestamp::from_millisecond(at).ok().map(|stamp| stamp.to_zoned(TimeZone::system()));
    match (local(seen_at), local(now)) {
        (Some(seen), Some(today)) if seen.date() == today.date() => seen.strftime("%H:%M:%S").to_string(),
        (Some(seen), _) => seen.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        (None, _) => String::from("–"),
    }
}

/// Absolute, with a relative hint: `14:02:11 · 12 s ago`.
#[must_use]
pub fn time_text(seen_at: SeenAt, now: SeenAt) -> String {
    format!("{} · {}", clock_text(seen_at, now), relative_text(seen_at, now))
}

/// A span in seconds: `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`; `1 min`, not `1 min 0 s`.
#[must_use]
pub fn duration_text(secs: i64) -> String {
    let secs = secs.max(0);
    let (minutes, hours, days) = (secs / 60, secs / 3_600, secs / 86_400);
    match secs {
        60..3_600 if secs % 60 == 0 => t!("common.span_whole_minutes", min = minutes).into_owned(),
        3_600..86_400 if minutes % 60 == 0 => t!("common.span_whole_hours", h = hours).into_owned(),
        86_400.. if hours % 24 == 0 => t!("common.span_whole_days", d = days).into_owned(),
        ..60 => t!("common.span_seconds", s = secs).into_owned(),
        60..3_600 => t!("common.span_minutes", min = minutes, s = secs % 60).into_owned(),
        3_600..86_400 => t!("common.span_hours", h = hours, min = minutes % 60).into_owned(),
        _ => t!("common.span_days", d = days, h = hours % 24).into_owned(),
    }
}

/// The same where there is little room: `12 s`, `3 min`, `2 h`, `4 d`; what is left out is less than said.
#[must_use]
pub fn duration_short(secs: i64) -> String {
    let unit = match secs {
        ..60 => 1,
        60..3_600 => 60,
        3_600..86_400 => 3_600,
        _ => 86_400,
    };
    duration_text(secs / unit * unit)
}

/// A size: `512 B`, `1.2 KiB`, `3.4 MiB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // What would be shown as 1024.0 is one of the next unit.
        if size < 1_023.95 {
            break;
        }
        size /= 1_024.0;
        unit = next;
    }
    format!("{size:.1} {unit}")
}

/// A count in groups of three: `182,334`.
#[must_use]
pub fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_to_binary_units() {
        assert_eq!(bytes_text(0), "0 B");
        assert_eq!(bytes_text(1_023), "1023 B");
        assert_eq!(bytes_text(1_229), "1.2 KiB");
        assert_eq!(bytes_text(1_048_575), "1.0 MiB");
        assert_eq!(bytes_text(3_565_158), "3.4 MiB");
        assert_eq!(bytes_text(u64::MAX), "16777216.0 TiB");
    }

    #[test]
    fn spans_have_two_units_at_most_and_no_empty_one() {
        rust_i18n::set_locale("en");
        let spans = [0, 59, 60, 61, 3_599, 3_600, 3_660, 86_399, 86_400, 90_000, 31_536_000];
        let words = spans.map(duration_text);
        let expected = [
            "0 s",
            "59 s",
            "1 min",
            "1 min 1 s",
            "59 min 59 s",
            "1 h",
            "1 h 1 min",
            "23 h 59 min",
            "1 d",
            "1 d 1 h",
            "365 d",
        ];
        assert_eq!(words, expected);
        let short = [59, 61, 3_599, 3_660, 90_000].map(duration_short);
        assert_eq!(short, ["59 s", "1 min", "59 min", "1 h", "1 d"]);
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count_text(7), "7");
        assert_eq!(count_text(182_334), "182,334");
        assert_eq!(count_text(1_000_000), "1,000,000");
    }

    #[test]
    fn a_time_of_another_day_says_its_date() {
        let now = 1_780_000_000_000;
        assert_eq!(clock_text(now, now).len(), 8);
        assert_eq!(clock_text(now - 3 * DAY, now).len(), 19);
        assert_eq!(clock_text(i64::MAX, now), "–");
    }
}

//! The value of an event tells which one it is.

const BEFORE: &str = "{\"event\":";
const DIGITS: usize = 10;

/// The value of this event, 37 bytes.
pub fn value_of(event: usize) -> String {
    format!("{BEFORE}{event:0DIGITS$},\"level\":\"INFO\"}}")
}

/// The event that wrote this value; `None`: it was there before.
pub fn event_of(value: &[u8]) -> Option<usize> {
    let digits = value.strip_prefix(BEFORE.as_bytes())?.get(..DIGITS)?;
    std::str::from_utf8(digits).ok()?.trim_start_matches('0').parse().ok().or(Some(0))
}

/// The key that this event writes, of so many: neighbours lie far apart, and events of one
/// transaction never meet.
pub fn target_of(event: usize, keys: u64) -> u64 {
    /// A prime, so that it shares no factor with the numbers of keys that are measured.
    const STRIDE: u64 = 7_919;
    (event as u64).wrapping_mul(STRIDE) % keys.max(1)
}

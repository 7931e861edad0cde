//! Intervals of keys, as they are written, and what is left of them without the prefixes kept out.

use super::trouble::Trouble;
use crate::model::status::KeyInterval;

/// The intervals without the keys that have one of these prefixes.
#[must_use]
pub fn without(intervals: &[KeyInterval], kept_out: &[Vec<u8>]) -> Vec<KeyInterval> {
    let mut left = intervals.to_vec();
    for prefix in kept_out {
        let hole = KeyInterval::prefix(prefix);
        left = left.iter().flat_map(|interval| cut(interval, &hole)).collect();
    }
    left
}

/// What lies before the hole, and what lies behind it.
fn cut(interval: &KeyInterval, hole: &KeyInterval) -> Vec<KeyInterval> {
    let ends_first = |end: &Option<Vec<u8>>, start: &[u8]| end.as_deref().is_some_and(|end| end <= start);
    if ends_first(&interval.end, &hole.start) || ends_first(&hole.end, &interval.start) {
        return vec![interval.clone()];
    }
    let mut left = Vec::new();
    if interval.start < hole.start {
        left.push(KeyInterval { start: interval.start.clone(), end: Some(hole.start.clone()) });
    }
    if let Some(end) = &hole.end
        && interval.end.as_ref().is_none_or(|last| end < last)
    {
        left.push(KeyInterval { start: end.clone(), end: interval.end.clone() });
    }
    left
}

/// Intervals as bytes: of each the start and the end, with their lengths; an open end has none.
pub(super) fn written(intervals: &[KeyInterval]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = |part: Option<&[u8]>| match part {
        Some(part) => {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        None => bytes.extend_from_slice(&u32::MAX.to_be_bytes()),
    };
    for interval in intervals {
        part(Some(&interval.start));
        part(interval.end.as_deref());
    }
    bytes
}

/// Intervals from bytes.
pub(super) fn read(mut bytes: &[u8]) -> Result<Vec<KeyInterval>, Trouble> {
    let damaged = || Trouble::Damaged("the journal: a span without its keys".to_owned());
    let part = |bytes: &mut &[u8]| -> Result<Option<Vec<u8>>, Trouble> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = u32::from_be_bytes(*length);
        if length == u32::MAX {
            *bytes = rest;
            return Ok(None);
        }
        let (part, rest) = rest.split_at_checked(length as usize).ok_or_else(damaged)?;
        *bytes = rest;
        Ok(Some(part.to_vec()))
    };
    let mut intervals = Vec::new();
    while !bytes.is_empty() {
        let start = part(&mut bytes)?.ok_or_else(damaged)?;
        intervals.push(KeyInterval { start, end: part(&mut bytes)? });
    }
    Ok(intervals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(start: &[u8], end: Option<&[u8]>) -> KeyInterval {
        KeyInterval { start: start.to_vec(), end: end.map(<[u8]>::to_vec) }
    }

    #[test]
    fn what_is_kept_out_is_a_hole() {
        let all = [KeyInterval::everything()];
        let left = without(&all, &[b"secrets/".to_vec(), b"a".to_vec()]);
        assert_eq!(
            left,
            [interval(b"", Some(b"a")), interval(b"b", Some(b"secrets/")), interval(b"secrets0", None)]
        );
        assert_eq!(without(&all, &[Vec::new()]), []);
        assert_eq!(without(&[interval(b"b", Some(b"c"))], &[b"a".to_vec()]), [interval(b"b", Some(b"c"))]);
        assert_eq!(without(&all, &[vec![0xff]]), [interval(b"", Some(&[0xff]))]);
    }

    #[test]
    fn intervals_come_back() {
        let all = [interval(b"", None), interval(b"a\0", Some(b"b")), interval(b"", Some(b""))];
        assert_eq!(read(&written(&all)), Ok(all.to_vec()));
        assert!(read(b"\0\0\0\x05ab").is_err());
    }
}

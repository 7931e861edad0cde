//! Guesses where a stretch of about so many keys ends, from keys that have been read.
//!
//! Names count: `service-0042` is followed by `service-0043`. So the distance between two keys that
//! were read is taken as a number, whose digits are the bytes from the first difference on, each in
//! the alphabet that it seems to be written in; the end lies as much further as more keys are
//! wanted. A bad guess costs a little time and nothing else.

use crate::model::bytes::prefix_end;

/// So many bytes from the first difference on are reckoned with.
const DIGITS: usize = 6;

/// What a byte seems to be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Decimal,
    Hexadecimal,
    Lower,
    Upper,
    Bytes,
}

impl Alphabet {
    fn of(byte: u8, hexadecimal: bool) -> Self {
        match byte {
            b'0'..=b'9' | b'a'..=b'f' if hexadecimal => Self::Hexadecimal,
            b'0'..=b'9' => Self::Decimal,
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            _ => Self::Bytes,
        }
    }

    fn radix(self) -> u64 {
        match self {
            Self::Decimal => 10,
            Self::Hexadecimal => 16,
            Self::Lower | Self::Upper => 26,
            Self::Bytes => 256,
        }
    }

    /// The digit that a byte is, or the nearest one.
    fn digit(self, byte: u8) -> u64 {
        let within = |first: u8, last: u8| u64::from(byte.clamp(first, last) - first);
        match self {
            Self::Decimal => within(b'0', b'9'),
            Self::Hexadecimal if byte >= b'a' => 10 + within(b'a', b'f'),
            Self::Hexadecimal => within(b'0', b'9'),
            Self::Lower => within(b'a', b'z'),
            Self::Upper => within(b'A', b'Z'),
            Self::Bytes => u64::from(byte),
        }
    }

    fn byte(self, digit: u64) -> u8 {
        let digit = u8::try_from(digit).unwrap_or(u8::MAX);
        match self {
            Self::Decimal => b'0' + digit,
            Self::Hexadecimal if digit < 10 => b'0' + digit,
            Self::Hexadecimal => b'a' - 10 + digit,
            Self::Lower => b'a' + digit,
            Self::Upper => b'A' + digit,
            Self::Bytes => digit,
        }
    }
}

/// The key that lies behind `from` by `factor` times the distance from `back` to `last`; `None`:
/// there is no telling.
pub(super) fn further(from: &[u8], back: &[u8], last: &[u8], factor: f64) -> Option<Vec<u8>> {
    let shared = back.iter().zip(last).take_while(|(one, other)| one == other).count();
    let digits = &last[shared..last.len().min(shared + DIGITS)];
    if digits.is_empty() || from.len() < shared {
        return None;
    }
    let before = &back[shared..back.len().min(shared + DIGITS)];
    let hexadecimal = is_hexadecimal(digits) && is_hexadecimal(before);
    let letters = digits.iter().chain(before).any(u8::is_ascii_lowercase);
    let alphabets: Vec<Alphabet> =
        digits.iter().map(|byte| Alphabet::of(*byte, hexadecimal && letters)).collect();
    let number = |key: &[u8]| {
        alphabets.iter().enumerate().fold(0_u64, |number, (at, alphabet)| {
            number * alphabet.radix() + key.get(shared + at).map_or(0, |byte| alphabet.digit(*byte))
        })
    };
    let distance = number(last).saturating_sub(number(back)).max(1);
    // At most 256⁶ times a small factor: a float is exact enough for a guess.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let step = ((distance as f64 * factor).ceil() as u64).clamp(1, u64::MAX / 2);
    let mut rest = number(from).saturating_add(step);
    let mut key = from[..shared].to_vec();
    let mut tail = Vec::with_capacity(alphabets.len());
    for alphabet in alphabets.iter().rev() {
        tail.push(alphabet.byte(rest % alphabet.radix()));
        rest /= alphabet.radix();
    }
    tail.reverse();
    // What is carried over goes to the bytes before, as far as they count.
    let mut at = shared;
    while rest > 0 {
        at = at.checked_sub(1)?;
        let alphabet = Alphabet::of(key[at], false);
        if alphabet == Alphabet::Bytes {
            return prefix_end(&key[..=at]).filter(|end| end.as_slice() > from);
        }
        let sum = alphabet.digit(key[at]) + rest;
        key[at] = alphabet.byte(sum % alphabet.radix());
        rest = sum / alphabet.radix();
    }
    key.extend_from_slice(&tail);
    (key.as_slice() > from).then_some(key)
}

fn is_hexadecimal(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The first key behind all that share all but the last `levels` bytes of this one; `None`: there is
/// none.
pub(super) fn outwards(from: &[u8], levels: usize) -> Option<Vec<u8>> {
    prefix_end(&from[..from.len().saturating_sub(levels)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(from: &str, back: &str, last: &str, factor: f64) -> Option<String> {
        let key = further(from.as_bytes(), back.as_bytes(), last.as_bytes(), factor)?;
        Some(String::from_utf8_lossy(&key).into_owned())
    }

    #[test]
    fn numbers_go_on_counting() {
        assert_eq!(text("/s-0199/a", "/s-0100/a", "/s-0110/a", 3.0).as_deref(), Some("/s-0229/a"));
        assert_eq!(text("/s-0099", "/s-0060", "/s-0090", 1.0).as_deref(), Some("/s-0129"));
        assert_eq!(text("ab", "aa", "ab", 2.0).as_deref(), Some("ad"));
        assert_eq!(text("/0ff", "/0a0", "/0f0", 1.0).as_deref(), Some("/14f"));
    }

    #[test]
    fn what_does_not_count_ends_with_its_name() {
        assert_eq!(text("/s-999/x", "/s-900/x", "/s-990/x", 5.0).as_deref(), Some("/s."));
        assert_eq!(text("9", "1", "9", 9.0), None);
        assert_eq!(text("x", "longer/1", "longer/2", 1.0), None);
    }

    #[test]
    fn outwards_leaves_more_and_more() {
        assert_eq!(outwards(b"/a/b", 1), Some(b"/a0".to_vec()));
        assert_eq!(outwards(b"/a/\xff\xff", 1), Some(b"/a0".to_vec()));
        assert_eq!(outwards(b"/a", 2), None);
        assert_eq!(outwards(b"/a", 9), None);
    }

    proptest! {
        #[test]
        fn a_guess_lies_behind(
            from in prop::collection::vec(any::<u8>(), 0..12),
            back in prop::collection::vec(any::<u8>(), 0..12),
            last in prop::collection::vec(any::<u8>(), 0..12),
            factor in 0.01_f64..1e9,
        ) {
            if let Some(key) = further(&from, &back, &last, factor) {
                prop_assert!(key > from);
            }
            if let Some(key) = outwards(&from, 1) {
                prop_assert!(key > from);
            }
        }
    }
}

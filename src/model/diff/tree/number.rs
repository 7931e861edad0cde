//! Whether two numbers that are written differently are the same, exactly, however large they are.

/// A number without the ways to write it: sign, significant digits, and the power of ten behind them.
#[derive(PartialEq, Eq)]
enum Exact {
    Finite { negative: bool, digits: Vec<u8>, exponent: i128 },
    Infinite { negative: bool },
    NotANumber,
}

/// Whether two numbers as JSON, YAML or TOML write them have the same value.
#[must_use]
pub fn same_number(a: &str, b: &str) -> bool {
    a == b || exact(a).zip(exact(b)).is_some_and(|(a, b)| a == b)
}

fn exact(written: &str) -> Option<Exact> {
    let cleaned: String =
        written.chars().filter(|sign| *sign != '_').map(|sign| sign.to_ascii_lowercase()).collect();
    let (negative, magnitude) = match cleaned.as_bytes().first()? {
        b'-' => (true, &cleaned[1..]),
        b'+' => (false, &cleaned[1..]),
        _ => (false, cleaned.as_str()),
    };
    match magnitude.trim_start_matches('.') {
        "inf" => return Some(Exact::Infinite { negative }),
        "nan" => return Some(Exact::NotANumber),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = magnitude.strip_prefix(prefix) {
            let value = u128::from_str_radix(digits, radix).ok()?.to_string();
            return decimal(negative, &value);
        }
    }
    decimal(negative, magnitude)
}

fn decimal(negative: bool, magnitude: &str) -> Option<Exact> {
    let (mantissa, exponent) = match magnitude.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i128>().ok()?),
        None => (magnitude, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let mut exponent = exponent.checked_sub(i128::try_from(fraction.len()).ok()?)?;
    while digits.last() == Some(&b'0') {
        digits.pop();
        exponent = exponent.checked_add(1)?;
    }
    let significant = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    digits.drain(..significant);
    if digits.is_empty() {
        // All zeros are one, whatever their sign.
        return Some(Exact::Finite { negative: false, digits, exponent: 0 });
    }
    Some(Exact::Finite { negative, digits, exponent })
}

#[cfg(test)]
mod tests {
    use super::same_number;

    #[test]
    fn numbers_are_compared_exactly() {
        let same = [
            ("1", "1.0"),
            ("1", "1e0"),
            ("10", "1E+1"),
            ("0.001", "1e-3"),
            ("-0", "0.0"),
            ("0x10", "16"),
            ("0o17", "15"),
            ("1_000", "1000"),
            ("12345678901234567890123.0", "12345678901234567890123"),
            ("+inf", ".inf"),
            ("1e400", "10e399"),
            ("nan", ".NaN"),
        ];
        for (a, b) in same {
            assert!(same_number(a, b) && same_number(b, a), "{a} and {b}");
        }
        let other = [
            ("1", "2"),
            ("1", "-1"),
            ("12345678901234567890123", "12345678901234567890124"),
            ("9007199254740993", "9007199254740992.0"),
            ("1e400", "1e401"),
            ("inf", "-inf"),
            ("", "0"),
        ];
        for (a, b) in other {
            assert!(!same_number(a, b), "{a} and {b}");
        }
    }
}

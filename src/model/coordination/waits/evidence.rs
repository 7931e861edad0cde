//! What a value says of whose claim it is. Many write what any other could write as well: nothing, `1`,
//! `locked`, the name of a machine on which several processes run. Such a value ties nobody to anything.

/// So long a row of letters and digits is nobody else's.
const TOKEN: usize = 20;
/// With so many different signs in it, at least.
const VARIETY: usize = 10;
/// Shorter values are numbers and marks.
const NAME: usize = 3;

/// Words that say that there is a claim, not whose it is.
const WORDS: [&str; 26] = [
    "lock",
    "locked",
    "held",
    "hold",
    "holding",
    "busy",
    "taken",
    "acquired",
    "true",
    "false",
    "yes",
    "null",
    "none",
    "nil",
    "off",
    "active",
    "running",
    "master",
    "leader",
    "primary",
    "owner",
    "value",
    "test",
    "default",
    "unknown",
    "localhost",
];

/// Whether nobody else can have this value: a UUID, or a token that is as good as one, by itself or with
/// something before or behind it (`host-7_6ba7b810-…`).
pub(super) fn is_identity(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return is_raw_uuid(value) };
    has_uuid(text.as_bytes()) || text.split(|sign: char| !sign.is_ascii_alphanumeric()).any(is_token)
}

/// Whether it may be somebody's name.
pub(super) fn may_name(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return is_raw_uuid(value) };
    let text = text.trim();
    text.chars().count() >= NAME
        && text.chars().any(char::is_alphabetic)
        && !text.chars().any(char::is_control)
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The 16 bytes of a UUID: the bits that name version and variant fit.
fn is_raw_uuid(value: &[u8]) -> bool {
    let [_, _, _, _, _, _, version, _, variant, ..] = value else { return false };
    value.len() == 16 && (1..=8).contains(&(version >> 4)) && variant & 0xc0 == 0x80
}

/// Whether a UUID is written in it. (One of zeros, or of a single sign, is nobody's.)
fn has_uuid(text: &[u8]) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    text.windows(36).any(|part| {
        let fits = |(at, sign): (usize, &u8)| {
            if DASHES.contains(&at) { *sign == b'-' } else { sign.is_ascii_hexdigit() }
        };
        part.iter().enumerate().all(fits) && variety(part) >= VARIETY / 2
    })
}

fn is_token(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    word.len() >= TOKEN && digits >= 2 && digits < word.len() && variety(word.as_bytes()) >= VARIETY
}

fn variety(text: &[u8]) -> usize {
    let mut signs = text.to_vec();
    signs.sort_unstable();
    signs.dedup();
    signs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_else_can_have_is_an_identity() {
        let uuid = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        for value in
            [uuid, &format!("node-7_{uuid}"), "01ARZ3NDEKTSV4RRFFQ69G5FAV", &"9f86d081884c7d659a2f".repeat(2)]
        {
            assert!(is_identity(value.as_bytes()), "{value}");
        }
        assert!(is_identity(b"\x6b\xa7\xb8\x10\x9d\xad\x41\xd1\x80\xb4\x00\xc0\x4f\xd4\x30\xc8"));
        for value in [
            "",
            "1",
            "true",
            "locked",
            "db-host-1",
            "worker-3",
            "10.0.0.7:8080",
            "00000000-0000-0000-0000-000000000000",
            "{\"host\":\"a\"}",
            "2024-04-01T10:00:00Z",
            "11111111111111111111111111",
            "production-database-primary",
        ] {
            assert!(!is_identity(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn marks_and_numbers_name_nobody() {
        for value in ["", "1", "42", "12345678", "true", "Locked", " held ", "on"] {
            assert!(!may_name(value.as_bytes()), "{value}");
        }
        for value in ["db-host-1", "worker-3", "import", "锁主人"] {
            assert!(may_name(value.as_bytes()), "{value}");
        }
    }
}

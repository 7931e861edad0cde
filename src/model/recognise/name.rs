//! What the name of a key says.

use crate::model::coordination::ClaimKind;

/// The key's last segment and what stands before it, without the separator between them.
pub(super) fn split(key: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr2(b'/', separator, key)?;
    Some((&key[..at], &key[at + 1..]))
}

/// Whether the segment is this lease id as a number, and if so whether in decimal. The id is
/// compared with the number as a program would write it: lower case, no zeros in front.
pub(super) fn written_lease(segment: &[u8], lease: i64) -> Option<bool> {
    let lease = u64::try_from(lease).ok().filter(|lease| *lease != 0)?;
    let is_written = |radix: u64| {
        let mut rest = lease;
        let mut digits = segment.iter().rev();
        while rest > 0 {
            // `rest % radix` is below 16.
            let digit = b"0123456789abcdef".get(usize::try_from(rest % radix).unwrap_or(16));
            if digits.next() != digit {
                return false;
            }
            rest /= radix;
        }
        digits.next().is_none()
    };
    if is_written(16) { Some(false) } else { is_written(10).then_some(true) }
}

/// Whether the segment is a time in nanoseconds since 1970, as etcd's recipes name keys.
pub(super) fn is_unix_nanos(segment: &[u8]) -> bool {
    segment.len() == 19 && segment.iter().all(u8::is_ascii_digit)
}

/// Whether the segment is one of these words, in whatever case.
pub(super) fn is_any(segment: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| segment.eq_ignore_ascii_case(word.as_bytes()))
}

/// What a segment is that is nothing but such a word (`locks`, `leader`).
pub(super) fn exactly(segment: &[u8]) -> Option<ClaimKind> {
    match segment.len() {
        6 | 7 if is_any(segment, &["master", "primary"]) => Some(ClaimKind::Election),
        10 if is_any(segment, &["leadership"]) => Some(ClaimKind::Election),
        _ => collection(segment),
    }
}

/// What lies in a folder of this name (`/locks/<name>`, `/elections/<name>`).
pub(super) fn collection(segment: &[u8]) -> Option<ClaimKind> {
    match segment.len() {
        4..=7 if is_any(segment, &["lock", "locks", "mutex", "mutexes"]) => Some(ClaimKind::Lock),
        6..=9
            if is_any(segment, &["leader", "leaders", "election", "elections", "campaign", "campaigns"]) =>
        {
            Some(ClaimKind::Election)
        }
        _ => None,
    }
}

/// What a segment is in which such a word stands (`stock_lock:1001`, `cron-leader`, `orderLock`).
/// Where both stand, the lock wins: `leader-lock` is a lock by which a leader is chosen.
pub(super) fn telling(segment: &[u8]) -> Option<ClaimKind> {
    let mut election = false;
    for word in segment.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let kind = exactly(word).or_else(|| compound(word));
        match kind {
            Some(ClaimKind::Lock) => return kind,
            Some(ClaimKind::Election) => election = true,
            None => {}
        }
    }
    election.then_some(ClaimKind::Election)
}

/// A word that is written together with what stands before it.
fn compound(word: &[u8]) -> Option<ClaimKind> {
    let ends = |end: &str| {
        let from = word.len().checked_sub(end.len());
        from.and_then(|from| word.get(from..)).is_some_and(|last| last.eq_ignore_ascii_case(end.as_bytes()))
    };
    let any = |words: &[&str]| words.iter().any(|word| ends(word));
    if any(&["lock", "locks", "mutex"]) {
        let others = any(&["block", "clock", "unlock", "blocks", "clocks", "unlocks"]);
        return (!others).then_some(ClaimKind::Lock);
    }
    any(&["leader", "election"]).then_some(ClaimKind::Election)
}

/// Whether services are found in a folder of this name.
pub(super) fn is_registry(segment: &[u8]) -> bool {
    let words: &[&str] = match segment.len() {
        7 => &["service", "servers"],
        8 => &["services", "registry"],
        9 => &["discovery", "providers", "instances", "endpoints", "upstreams"],
        13 => &["microservices", "registrations"],
        _ => &[],
    };
    is_any(segment, words)
}

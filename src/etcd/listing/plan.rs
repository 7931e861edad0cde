//! Splits an interval of keys into parts of about 30,000 keys whose ends are known.
//!
//! A Range of one row costs about what it counts, so every probe must stay small. The walk goes
//! from left to right: the next part ends where the keys stop sharing so many bytes with its first
//! key; as many as gave a good part the last time. Where that is too much, fewer keys share one
//! byte more; where it is too little, more share one byte less. So all probes together count each
//! key little more than once, and the first part is known after a few cheap ones. A stretch whose
//! keys do not split by their bytes is halved instead, or at last read in pages.

use etcd_client::GetOptions;
use tokio::sync::mpsc::Sender;

use super::{Reader, range};
use crate::model::bytes::prefix_end;
use crate::model::fault::Fault;

/// A part has about so many keys.
pub(super) const PART_KEYS: i64 = 30_000;
/// A part with up to so many keys is not split any more.
const PART_MOST: u64 = 45_000;
/// After so many empty halves in a row the keys share too long a beginning: the part is then read
/// in pages of [`PART_KEYS`] rows.
const MOST_EMPTY: u32 = 512;

/// A part of the key space to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// From here on (inclusive).
    pub start: Vec<u8>,
    /// Up to here (exclusive); `None`: open.
    pub end: Option<Vec<u8>>,
    /// Keys in it.
    pub count: u64,
    /// It can be read at once; otherwise in pages.
    pub bounded: bool,
}

/// A part of fewer keys is made wider, if it can be.
const PART_LEAST: u64 = 6_000;
/// A part of up to so many keys is halved; beyond, the halves would cost more than they save.
const HALVED_MOST: u64 = 10 * PART_MOST;
/// After so many probes for one part it is halved instead.
const MOST_PROBES: u32 = 64;
/// After a probe that was far too wide, so many small parts are taken as they are.
const PATIENCE: u32 = 16;

/// How the walk goes on.
struct Pace {
    /// The keys of a part share about so many bytes.
    shared: usize,
    /// So many parts are not made wider.
    patience: u32,
}

impl Reader {
    /// Splits the parts and sends them in key order.
    pub(super) async fn plan(self, parts: Vec<Part>, planned: Sender<Result<Part, Fault>>) {
        for part in parts {
            if let Err(fault) = self.walk(part, &planned).await {
                // Whoever listened is gone if this can not be told.
                let _told = planned.send(Err(fault)).await;
                return;
            }
            if planned.is_closed() {
                return;
            }
        }
    }

    /// Walks through a part from left to right, and sends what it splits into.
    async fn walk(&self, mut rest: Part, planned: &Sender<Result<Part, Fault>>) -> Result<(), Fault> {
        let mut pace = Pace { shared: rest.start.len(), patience: 0 };
        while rest.count > PART_MOST && rest.bounded && !planned.is_closed() {
            let Some(next) = self.next_part(&rest, &mut pace).await? else {
                return self.halve(rest, planned).await;
            };
            let end = next.end.clone().unwrap_or_default();
            let count = rest.count.saturating_sub(next.count);
            rest = Part { start: end, count, ..rest };
            if next.count > 0 {
                self.halve(next, planned).await?;
            }
        }
        if rest.count > 0 {
            // A receiver that is gone wants no more.
            let _sent = planned.send(Ok(rest)).await;
        }
        Ok(())
    }

    /// The next part of `rest`, from its start on; `None` where the bytes of the keys do not tell
    /// parts from each other.
    async fn next_part(&self, rest: &Part, pace: &mut Pace) -> Result<Option<Part>, Fault> {
        let mut first = rest.start.clone();
        let mut best: Option<Part> = None;
        for _ in 0..MOST_PROBES {
            pace.shared = pace.shared.min(first.len());
            let Some(end) = prefix_end(&first[..pace.shared]) else { break };
            if rest.end.as_ref().is_some_and(|last| end >= *last) {
                break;
            }
            let options = GetOptions::new().with_keys_only().with_limit(1);
            let answer = range(&self.cluster, &rest.start, Some(&end), self.revision, options).await?;
            let count = u64::try_from(answer.count).unwrap_or(0);
            if let Some(kv) = answer.kvs.into_iter().next() {
                first = kv.key;
            }
            let before = best.as_ref().map_or(0, |best| best.count);
            let part = Part { start: rest.start.clone(), end: Some(end), count, bounded: true };
            if count < PART_LEAST {
                if before > PART_MOST {
                    // One byte more is too little, one byte less too much.
                    return Ok(best);
                }
                if pace.patience > 0 && count > 0 {
                    pace.patience -= 1;
                    return Ok(Some(part));
                }
                pace.shared = pace.shared.saturating_sub(1);
            } else if count <= PART_MOST || (before > 0 && before < PART_LEAST && count <= HALVED_MOST) {
                return Ok(Some(part));
            } else if before > 0 && before < PART_LEAST {
                pace.shared += 1;
                pace.patience = PATIENCE;
                return Ok(best);
            } else {
                pace.shared += 1;
            }
            best = Some(part);
        }
        Ok(best.filter(|best| best.count > 0))
    }

    /// Splits a part in halves until they are small enough, and sends them in key order.
    async fn halve(&self, part: Part, planned: &Sender<Result<Part, Fault>>) -> Result<(), Fault> {
        let mut parts = vec![part];
        while let Some(part) = parts.pop() {
            if part.count > PART_MOST && part.bounded {
                let (left, right) = self.split(part).await?;
                parts.extend(right);
                parts.push(left);
            } else if planned.send(Ok(part)).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Splits a part in two that are not empty; alone it comes back as one to be read in pages.
    async fn split(&self, mut part: Part) -> Result<(Part, Option<Part>), Fault> {
        for _ in 0..MOST_EMPTY {
            let Some(middle) = midpoint(&part.start, part.end.as_deref()) else { break };
            let options = GetOptions::new().with_keys_only().with_limit(1);
            let upper = range(&self.cluster, &middle, part.end.as_deref(), self.revision, options).await?;
            let count = u64::try_from(upper.count).unwrap_or(0);
            let first = upper.kvs.into_iter().next().map(|kv| kv.key);
            match first {
                Some(first) if count < part.count => {
                    let right = Part { start: first, end: part.end, count, bounded: true };
                    let left = Part {
                        start: part.start,
                        end: Some(middle),
                        count: part.count - count,
                        bounded: true,
                    };
                    return Ok((left, Some(right)));
                }
                // All of its keys lie in the upper half: the part begins there.
                Some(first) => part.start = first,
                None => part.end = Some(middle),
            }
        }
        Ok((Part { bounded: false, ..part }, None))
    }
}

/// A key strictly between the two, near their middle; `None` when there is none to be found.
pub(super) fn midpoint(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
    const BEYOND: u16 = 256;
    let shared = end.map_or(0, |end| start.iter().zip(end).take_while(|(one, other)| one == other).count());
    let low = start.get(shared).copied().map_or(0, u16::from);
    let high = match end {
        None => BEYOND,
        Some(end) => u16::from(*end.get(shared)?),
    };
    let mut middle = start[..shared].to_vec();
    if high.saturating_sub(low) >= 2 {
        middle.push(u8::try_from(u16::midpoint(low, high)).ok()?);
        return Some(middle);
    }
    // The two differ by one here: everything that starts with `end` up to this byte lies above.
    if let Some(end) = end
        && end.len() > shared + 1
        && end[..=shared] > *start
    {
        return Some(end[..=shared].to_vec());
    }
    // Otherwise look for room behind the bytes of `start`.
    let mut at = shared;
    loop {
        let byte = start.get(at).copied();
        let low = if at == shared { low } else { byte.map_or(0, u16::from) };
        if at > shared && low < 254 {
            middle.push(u8::try_from(u16::midpoint(low, BEYOND)).ok()?);
            break;
        }
        middle.push(u8::try_from(low).ok()?);
        at += 1;
        if at > start.len() + 1 {
            break;
        }
    }
    let below_end = end.is_none_or(|end| middle.as_slice() < end);
    (middle.as_slice() > start && below_end).then_some(middle)
}

#[cfg(test)]
mod tests {
    use super::midpoint;

    fn between(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
        let middle = midpoint(start, end)?;
        assert!(middle.as_slice() > start, "{middle:?} is not behind {start:?}");
        assert!(end.is_none_or(|end| middle.as_slice() < end), "{middle:?} is not before {end:?}");
        Some(middle)
    }

    #[test]
    fn a_midpoint_lies_strictly_between() {
        assert!(between(b"", None).is_some());
        assert!(between(b"a", Some(b"c")).is_some());
        assert!(between(b"a", Some(b"b")).is_some());
        assert!(between(b"a\xff", Some(b"b")).is_some());
        assert!(between(b"a\xff\xff", Some(b"b")).is_some());
        assert!(between(b"abc", Some(b"abd")).is_some());
        assert!(between(b"ab", Some(b"ac\0")).is_some());
        assert!(between(b"\xff\xff", None).is_some());
        assert!(between(b"/bench/key-000", Some(b"/bench/key-1")).is_some());
    }

    #[test]
    fn without_room_there_is_none() {
        assert_eq!(between(b"a", Some(b"a\0")), None);
        assert_eq!(between(b"a", Some(b"a\0\0")).as_deref(), Some(&b"a\0"[..]));
    }

    #[test]
    fn halving_reaches_any_key_in_a_few_steps_a_byte() {
        let target = b"/registry/pods/default/web-7f".to_vec();
        let mut end: Option<Vec<u8>> = None;
        let mut steps = 0;
        while end.as_deref().is_none_or(|end| end > [&target[..], &[1]].concat().as_slice()) && steps < 400 {
            let Some(middle) = midpoint(&target, end.as_deref()) else { break };
            assert!(middle > target);
            end = Some(middle);
            steps += 1;
        }
        assert!(steps <= 8 * (target.len() + 1), "{steps} steps");
    }
}

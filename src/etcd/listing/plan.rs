//! Splits an interval of keys into parts of about 30,000 keys whose ends are known.
//!
//! A Range of one row costs about what it counts, so a probe of an empty stretch costs next to
//! nothing, and one that is not empty tells how many keys there are and where they begin. The keys
//! are walked from the left like a tree of their bytes: where many share a beginning, the next byte
//! after it is tried value by value (in widening windows where nothing is found), and only what is
//! still too large is taken apart further. So each key is counted about once for each byte at which
//! large groups of keys differ, and the first part is known after a few milliseconds.

use tokio::sync::mpsc::Sender;

use crate::model::fault::Fault;

/// Pages of a part that could not be bounded have so many rows.
pub(super) const PAGE_KEYS: i64 = 30_000;
/// After so many empty probes in a row the keys share too long a beginning: the rest is then read
/// in pages.
const MOST_EMPTY: u32 = 4_096;

/// How large parts should be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Neighbours are joined until they have so many keys.
    pub enough: u64,
    /// What has more keys is taken apart.
    pub most: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { enough: 25_000, most: 45_000 }
    }
}

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

/// Counts keys.
pub(super) trait Probe {
    /// The number of keys in `[start, end)`, and the first of them.
    fn probe(
        &self,
        start: &[u8],
        end: Option<&[u8]>,
    ) -> impl Future<Output = Result<(u64, Option<Vec<u8>>), Fault>> + Send;
}

/// What is still to be taken apart, in key order from the top of the stack.
enum Work {
    /// Keys from a start that is close to them.
    Node(Part),
    /// Keys that begin with `prefix` and go on with a byte from `from` on.
    Scan { prefix: Vec<u8>, from: u16, width: u16, end: Option<Vec<u8>>, count: u64 },
}

/// Splits parts, and sends them in key order.
pub(super) async fn plan<P: Probe + Sync>(
    probe: &P,
    sizes: Sizes,
    parts: Vec<Part>,
    planned: &Sender<Result<Part, Fault>>,
) {
    for part in parts {
        // Whoever listened is gone if the fault can not be told.
        match split(probe, sizes, part, planned).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => {
                let _told = planned.send(Err(fault)).await;
                return;
            }
        }
    }
}

/// Splits one part; `false`: nobody listens any more.
async fn split<P: Probe + Sync>(
    probe: &P,
    sizes: Sizes,
    part: Part,
    planned: &Sender<Result<Part, Fault>>,
) -> Result<bool, Fault> {
    let mut joined: Option<Part> = None;
    let mut stack = vec![Work::Node(part)];
    while let Some(work) = stack.pop() {
        match work {
            Work::Node(node) if node.count > sizes.most && node.bounded => {
                expand(probe, node, &mut stack).await?;
            }
            Work::Node(node) => {
                let fits = |one: &Part| one.bounded && node.bounded && one.count + node.count <= sizes.most;
                let (full, kept) = match joined.take() {
                    Some(one) if fits(&one) => {
                        (None, Part { end: node.end, count: one.count + node.count, ..one })
                    }
                    other => (other, node),
                };
                if let Some(full) = full
                    && planned.send(Ok(full)).await.is_err()
                {
                    return Ok(false);
                }
                if kept.count < sizes.enough {
                    joined = Some(kept);
                } else if planned.send(Ok(kept)).await.is_err() {
                    return Ok(false);
                }
            }
            Work::Scan { prefix, from, width, end, count } => {
                scan(probe, &mut stack, prefix, from, width, end, count).await?;
            }
        }
    }
    match joined {
        Some(last) => Ok(planned.send(Ok(last)).await.is_ok()),
        None => Ok(true),
    }
}

/// Takes a node apart at the first byte at which its keys differ.
async fn expand<P: Probe + Sync>(probe: &P, node: Part, stack: &mut Vec<Work>) -> Result<(), Fault> {
    let Part { start, mut end, count, .. } = node;
    let shared = |end: &[u8]| start.iter().zip(end).take_while(|(one, other)| one == other).count();
    let mut depth = end.as_deref().map_or(0, shared);
    let mut empty = 0;
    loop {
        let prefix = &start[..depth.min(start.len())];
        // A key that ends here comes before all that go on.
        let left_end = behind(prefix, start.get(depth).map_or(0, |byte| u16::from(*byte) + 1));
        let mut from = start.get(depth).map_or(0, |byte| u16::from(*byte) + 1);
        let mut width = 1;
        while let Some((window, window_end)) = window(prefix, from, width, end.as_deref()) {
            let (found, first) = probe.probe(&window, window_end.as_deref()).await?;
            let next = from + width;
            if let Some(first) = first {
                let left = probe.probe(&start, left_end.as_deref()).await?.0;
                let rest = count.saturating_sub(left + found);
                let prefix = prefix.to_vec();
                if rest > 0 {
                    stack.push(Work::Scan { prefix, from: next, width: 1, end, count: rest });
                }
                stack.push(Work::Node(Part { start: first, end: window_end, count: found, bounded: true }));
                if left > 0 {
                    stack.push(Work::Node(Part { start, end: left_end, count: left, bounded: true }));
                }
                return Ok(());
            }
            empty += 1;
            from = next;
            width *= 2;
        }
        if depth >= start.len() || empty > MOST_EMPTY {
            stack.push(Work::Node(Part { start, end, count, bounded: false }));
            return Ok(());
        }
        // All of them go on with the same byte.
        end = left_end;
        depth += 1;
    }
}

/// Looks for the next keys behind a prefix.
async fn scan<P: Probe + Sync>(
    probe: &P,
    stack: &mut Vec<Work>,
    prefix: Vec<u8>,
    from: u16,
    width: u16,
    end: Option<Vec<u8>>,
    count: u64,
) -> Result<(), Fault> {
    let Some((start, window_end)) = window(&prefix, from, width, end.as_deref()) else {
        // The counts say that there is more: read it, wherever it is.
        let start = window(&prefix, from.min(255), 1, None).map_or(prefix, |(start, _)| start);
        stack.push(Work::Node(Part { start, end, count, bounded: false }));
        return Ok(());
    };
    let (found, first) = probe.probe(&start, window_end.as_deref()).await?;
    let next = from + width;
    let Some(first) = first else {
        stack.push(Work::Scan { prefix, from: next, width: width * 2, end, count });
        return Ok(());
    };
    if found < count {
        stack.push(Work::Scan { prefix, from: next, width: 1, end, count: count - found });
    }
    stack.push(Work::Node(Part { start: first, end: window_end, count: found, bounded: true }));
    Ok(())
}

/// The keys that begin with `prefix` and a byte in `[from, from + width)`, as far as they lie before
/// `end`; `None`: there are none.
fn window(prefix: &[u8], from: u16, width: u16, end: Option<&[u8]>) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let from = u8::try_from(from).ok()?;
    let mut start = prefix.to_vec();
    start.push(from);
    if end.is_some_and(|end| start.as_slice() >= end) {
        return None;
    }
    let window_end = behind(prefix, u16::from(from) + width);
    let nearer = match (window_end, end) {
        (Some(window_end), Some(end)) => Some(window_end.min(end.to_vec())),
        (None, end) => end.map(<[u8]>::to_vec),
        (window_end, None) => window_end,
    };
    Some((start, nearer))
}

/// The first key behind all that begin with `prefix` and a byte below `byte`.
fn behind(prefix: &[u8], byte: u16) -> Option<Vec<u8>> {
    match u8::try_from(byte) {
        Ok(byte) => {
            let mut key = prefix.to_vec();
            key.push(byte);
            Some(key)
        }
        Err(_) => crate::model::bytes::prefix_end(prefix),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    use proptest::prelude::*;
    use tokio::sync::mpsc::channel;

    use super::*;

    struct Keys {
        keys: BTreeSet<Vec<u8>>,
        probes: AtomicU64,
        counted: AtomicU64,
    }

    impl Probe for Keys {
        async fn probe(&self, start: &[u8], end: Option<&[u8]>) -> Result<(u64, Option<Vec<u8>>), Fault> {
            assert!(end.is_none_or(|end| start < end), "an empty range is refused by etcd");
            let mut inside = self
                .keys
                .range(start.to_vec()..)
                .take_while(|key| end.is_none_or(|end| key.as_slice() < end));
            let first = inside.next().cloned();
            let count = u64::from(first.is_some()) + inside.count() as u64;
            self.probes.fetch_add(1, Ordering::Relaxed);
            self.counted.fetch_add(count, Ordering::Relaxed);
            Ok((count, first))
        }
    }

    /// Plans, checks that the parts hold every key once and in order, and returns them.
    fn planned(keys: &mut Keys, sizes: Sizes) -> Vec<Part> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // As behind a page that has been read: from the first key, which is left out, on.
        let first = keys.keys.pop_first().unwrap();
        let start = [&first[..], &[0]].concat();
        let all = Part { start, end: None, count: keys.keys.len() as u64, bounded: true };
        let parts = runtime.block_on(async {
            let (sender, mut receiver) = channel(1);
            let (mut parts, sending) = (Vec::new(), plan(&*keys, sizes, vec![all], &sender));
            tokio::pin!(sending);
            loop {
                tokio::select! {
                    () = &mut sending => break,
                    part = receiver.recv() => parts.extend(part.map(Result::unwrap)),
                }
            }
            while let Ok(part) = receiver.try_recv() {
                parts.push(part.unwrap());
            }
            parts
        });
        let mut seen = Vec::new();
        for part in &parts {
            let inside = keys.keys.range(part.start.clone()..);
            let inside: Vec<_> =
                inside.take_while(|key| part.end.as_ref().is_none_or(|end| *key < end)).cloned().collect();
            assert_eq!(inside.len() as u64, part.count, "{part:?}");
            seen.extend(inside);
        }
        assert!(seen.iter().eq(&keys.keys), "every key once, in order");
        parts
    }

    fn keys(keys: impl IntoIterator<Item = Vec<u8>>) -> Keys {
        Keys { keys: keys.into_iter().collect(), probes: AtomicU64::new(0), counted: AtomicU64::new(0) }
    }

    #[test]
    fn numbered_keys_are_counted_about_once_a_digit() {
        let mut numbered = keys((0..100_000).map(|n| format!("/bench/service/{n:09}").into_bytes()));
        let parts = planned(&mut numbered, Sizes { enough: 2_500, most: 4_500 });
        assert!(parts.len() <= 40 && parts.iter().all(|part| part.bounded && part.count <= 4_500));
        let counted = numbered.counted.load(Ordering::Relaxed);
        assert!(counted <= 220_000, "{counted} keys were counted");
        assert!(numbered.probes.load(Ordering::Relaxed) < 600);
    }

    #[test]
    fn lumps_far_apart_are_found() {
        let lump =
            |prefix: &'static [u8]| (0..300).map(move |n| [prefix, &[n as u8, (n / 256) as u8]].concat());
        let mut lumps = keys(
            [vec![0], b"a".to_vec(), vec![0xff; 40]]
                .into_iter()
                .chain(lump(b"\x00\x00"))
                .chain(lump(b"/registry/"))
                .chain(lump(b"\xff\xff\xff")),
        );
        let parts = planned(&mut lumps, Sizes { enough: 10, most: 20 });
        assert!(parts.iter().all(|part| part.bounded && part.count <= 20));
    }

    #[test]
    fn a_very_long_shared_beginning_is_given_up() {
        let long = vec![b'k'; 4_000];
        let mut shared = keys((0..100_u8).map(|n| [&long[..], &[n]].concat()));
        let parts = planned(&mut shared, Sizes { enough: 10, most: 20 });
        assert!(parts.iter().any(|part| !part.bounded));
        assert!(shared.probes.load(Ordering::Relaxed) < 6_000);
    }

    proptest! {
        #[test]
        fn any_keys_are_planned_once(
            set in prop::collection::btree_set(
                prop::collection::vec(prop::sample::select(vec![0_u8, 1, b'a', b'b', 0xfe, 0xff]), 1..7),
                1..400,
            ),
            most in 1_u64..40,
        ) {
            let mut keys = keys(set);
            let parts = planned(&mut keys, Sizes { enough: most.div_ceil(2), most });
            prop_assert!(parts.iter().all(|part| part.bounded && part.count <= most));
        }
    }
}

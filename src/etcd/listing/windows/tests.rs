use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::record::KeyMeta;

/// What it cost to read a set of keys.
#[derive(Debug, Default)]
struct Cost {
    requests: u64,
    /// Keys counted by the server.
    counted: u64,
    pages: u64,
}

const SMALL: Sizes = Sizes { target: 3_000, whole: 4_500 };

/// Reads all keys behind the first `known` with so many requests in flight, which are answered in
/// the order that `order` gives, and checks that every key came once and in order.
fn read(keys: &BTreeSet<Vec<u8>>, known: usize, sizes: Sizes, limit: usize, order: &[usize]) -> Cost {
    let mut first = KeyPage::default();
    for key in keys.iter().take(known) {
        first.push(key, KeyMeta::default(), None);
    }
    let mut windows = Windows::default();
    windows.learn(&first, sizes);
    let start = first.last().map_or_else(Vec::new, |last| successor(last.key));
    windows.push(start, None, (keys.len() - known) as u64);
    let mut cost = Cost::default();
    let (mut asked, mut seen, mut turn) = (Vec::new(), Vec::new(), 0);
    while !windows.is_done() {
        while asked.len() < 2
            && let Some(stretch) = windows.next(sizes)
        {
            assert!(stretch.end.as_ref().is_none_or(|end| stretch.start < *end), "refused by etcd");
            asked.push(stretch);
        }
        while let Some(page) = windows.take_page(sizes) {
            seen.extend(page.iter().map(|it| it.key.to_vec()));
            cost.pages += 1;
        }
        if asked.is_empty() {
            continue;
        }
        let answered = asked.remove(order[turn % order.len()] % asked.len());
        turn += 1;
        let inside = keys.range(answered.start.clone()..);
        let inside: Vec<_> =
            inside.take_while(|key| answered.end.as_ref().is_none_or(|end| *key < end)).collect();
        cost.requests += 1;
        cost.counted += inside.len() as u64;
        let mut page = KeyPage::default();
        for key in inside.iter().take(limit) {
            page.push(key, KeyMeta::default(), None);
        }
        windows.answer(answered.id, page, inside.len() as u64);
        assert!(cost.requests < 100_000, "it never ends");
    }
    assert!(seen.iter().eq(keys.iter().skip(known)), "every key once, in order");
    cost
}

fn keys(keys: impl IntoIterator<Item = Vec<u8>>) -> BTreeSet<Vec<u8>> {
    keys.into_iter().collect()
}

fn scattered(count: u64) -> impl Iterator<Item = u64> {
    (1..=count).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[test]
fn numbered_keys_are_counted_about_once() {
    let numbered =
        keys((0..100_000).map(|n| format!("/s-{:04}/setting-{:05}", n / 100, n % 100).into_bytes()));
    let cost = read(&numbered, 50, SMALL, 4_500, &[0]);
    assert!(cost.counted <= 125_000, "{cost:?}");
    assert!(cost.requests < 120 && cost.pages < 60, "{cost:?}");
}

#[test]
fn random_names_are_counted_a_few_times_at_most() {
    let hexadecimal = keys(scattered(100_000).map(|n| format!("/pods/{n:016x}").into_bytes()));
    let cost = read(&hexadecimal, 50, SMALL, 4_500, &[0]);
    assert!(cost.counted <= 250_000 && cost.requests < 200, "{cost:?}");
    let bytes = keys(scattered(100_000).map(|n| n.to_be_bytes().to_vec()));
    let cost = read(&bytes, 50, SMALL, 4_500, &[1, 0]);
    assert!(cost.counted <= 250_000 && cost.requests < 200, "{cost:?}");
    let mixed = keys(scattered(100_000).map(|n| match n % 5 {
        0 => format!("/registry/pods/ns-{}/{:x}", n % 97, n).into_bytes(),
        1 => format!("/registry/events/{n:x}").into_bytes(),
        2 => format!("config/{}/{}", n % 1_000, n % 100_000).into_bytes(),
        _ => format!("/services/{}/{}/{}", n % 11, n % 3, n % 1_000_003).into_bytes(),
    }));
    let cost = read(&mixed, 50, SMALL, 4_500, &[0, 1]);
    assert!(cost.counted <= 900_000 && cost.requests < 400, "{cost:?}");
}

#[test]
fn lumps_far_apart_are_found() {
    let lump = |prefix: &'static [u8]| (0..300).map(move |n| [prefix, &[n as u8, (n / 256) as u8]].concat());
    let lumps = keys(
        [vec![0], b"a".to_vec(), vec![0xff; 40]]
            .into_iter()
            .chain(lump(b"\x00\x00"))
            .chain(lump(b"/registry/"))
            .chain(lump(b"\xff\xff\xff")),
    );
    read(&lumps, 5, Sizes { target: 10, whole: 20 }, 20, &[0, 1]);
}

#[test]
fn a_very_long_shared_beginning_is_read_in_pages() {
    let long = vec![b'k'; 4_000];
    let mut shared = keys((0..100_u8).map(|n| [&long[..], &[n]].concat()));
    shared.insert(b"a".to_vec());
    let cost = read(&shared, 1, Sizes { target: 10, whole: 20 }, 20, &[0]);
    assert!(cost.requests < 2_000, "{cost:?}");
}

proptest! {
    #[test]
    fn any_keys_are_read_once(
        set in prop::collection::btree_set(
            prop::collection::vec(prop::sample::select(b"\0\x01ab09f/\xfe\xff".to_vec()), 1..7),
            1..400,
        ),
        known in 0_usize..20,
        target in 1_u64..40,
        limit in 1_usize..60,
        order in prop::collection::vec(0_usize..2, 1..8),
    ) {
        let sizes = Sizes { target, whole: target + target / 2 };
        let cost = read(&set, known.min(set.len()), sizes, limit, &order);
        prop_assert!(cost.pages as usize <= set.len());
    }
}

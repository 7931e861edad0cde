//! What the model costs with a million keys, on one core: `cargo bench --bench model`.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcdscope::model::bytes::Value;
use etcdscope::model::keyspace::Keyspace;
use etcdscope::model::mirror::Mirror;
use etcdscope::model::page::KeyPage;
use etcdscope::model::record::{ChangeKind, KeyChange, KeyMeta, KeyRecord, Revision};
use etcdscope::model::rows::Rows;
use etcdscope::model::search::{SearchMode, SearchQuery, search};

#[path = "model/compare.rs"]
mod compare;
#[path = "model/coordination.rs"]
mod coordination;

const KEYS: u64 = 1_000_000;
/// Keys in a page of the listing.
const PAGE: u64 = 30_000;
/// Revisions between two pictures given to the window.
const BATCH: u64 = 250;

/// A key of 45 bytes, ascending.
fn key(number: u64) -> Vec<u8> {
    format!("/config/svc-{:04}/instance-{:04}/setting-{:07}", number / 1_000, number / 100 % 10, number)
        .into_bytes()
}

fn meta(revision: i64) -> KeyMeta {
    KeyMeta { create_revision: revision, mod_revision: revision, version: 1, lease: 0 }
}

fn record(number: u64) -> KeyRecord {
    KeyRecord { key: key(number).into(), meta: meta(i64::try_from(number).unwrap_or(0) + 2), value: None }
}

/// Resident memory of this process in bytes; 0 where the system does not tell this way.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.as_deref().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

fn say(what: &str, figure: &str) {
    println!("{what:<58} {figure:>14}");
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Time of one run, the median of nine.
fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[4]
}

/// Lists in pages; with `ways` > 1 so many stretches of the key space in turn, as a listing with
/// several requests in flight does.
fn list(ways: u64) -> (Mirror, Duration) {
    let mut mirror = Mirror::new(b'/', 64 << 20);
    mirror.begin_listing(i64::try_from(KEYS).unwrap_or(0) + 2);
    let mut time = Duration::ZERO;
    let stretch = KEYS.div_ceil(ways);
    for from in (0..stretch).step_by(usize::try_from(PAGE).unwrap_or(1)) {
        for way in 0..ways {
            let first = way * stretch + from;
            let end = (first + PAGE).min((way + 1) * stretch).min(KEYS);
            let page: KeyPage = (first..end).map(record).collect::<Vec<_>>().into();
            let start = Instant::now();
            mirror.list(&page);
            black_box(mirror.keyspace().clone());
            time += start.elapsed();
        }
    }
    let start = Instant::now();
    mirror.finish_listing();
    (mirror, time + start.elapsed())
}

fn listing() -> Mirror {
    let before = resident();
    let (mirror, time) = list(1);
    let grown = resident().saturating_sub(before);
    say("list 1,000,000 keys in order", &ms(time));
    say("  resident memory", &format!("{:.1} MB", grown as f64 / 1e6));
    say("  a key", &format!("{} bytes", grown / KEYS));
    mirror
}

fn listing_in_two_stretches() {
    let before = resident();
    let (mirror, time) = list(2);
    let grown = resident().saturating_sub(before);
    say("list 1,000,000 keys, two stretches in turn", &ms(time));
    say("  a key", &format!("{} bytes", grown / KEYS));
    assert_eq!(mirror.keyspace().len(), KEYS);
}

fn puts(mirror: &mut Mirror) {
    let value = Value::from(b"a value of thirty-two bytes ....".as_slice());
    let first = mirror.next_revision();
    let count = 200_000_u64;
    let revisions: Vec<Revision> = (0..count)
        .map(|step| {
            // Scattered over all folders.
            let number = step.wrapping_mul(7_919) % KEYS;
            let revision = first + i64::try_from(step).unwrap_or(0);
            let kind = ChangeKind::Put { meta: meta(revision), value: value.clone() };
            Revision { revision, changes: vec![KeyChange { key: key(number).into(), kind, prev: None }] }
        })
        .collect();
    let mut shown = mirror.keyspace().clone();
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    for batch in revisions.chunks(usize::try_from(BATCH).unwrap_or(1)) {
        let begun = Instant::now();
        for revision in batch {
            assert!(mirror.apply(revision));
        }
        shown = mirror.keyspace().clone();
        longest = longest.max(begun.elapsed());
    }
    let time = start.elapsed();
    black_box(shown);
    say(
        "scattered puts, a picture given away every 250",
        &format!("{:.0}/s", count as f64 / time.as_secs_f64()),
    );
    say("  the longest batch of 250", &ms(longest));
}

fn searches(keyspace: &Keyspace) {
    for (mode, text) in [
        (SearchMode::Substring, "setting-0777"),
        (SearchMode::Substring, "nowhere"),
        (SearchMode::Substring, "instance"),
        (SearchMode::Substring, "Setting-0777"),
        (SearchMode::Substring, "größe"),
        (SearchMode::Fuzzy, "svc0123set"),
        (SearchMode::Fuzzy, "conf inst 42"),
        (SearchMode::Fuzzy, "nowhere"),
        (SearchMode::Fuzzy, "s"),
        (SearchMode::Fuzzy, "cfg svc inst set"),
        (SearchMode::Fuzzy, "configsettings"),
        (SearchMode::Values, "thirty"),
    ] {
        let query = SearchQuery { text: text.into(), mode };
        let mut total = 0;
        let time = median(|| total = search(keyspace, &query, &|| false).map_or(0, |result| result.total));
        say(&format!("search {mode:?} {text:?} ({total} found)"), &ms(time));
    }
}

fn rows(keyspace: &Keyspace) {
    let expanded: BTreeSet<Vec<u8>> = std::iter::once(b"/config/".to_vec())
        .chain((0..1_000).map(|number| format!("/config/svc-{number:04}/").into_bytes()))
        .collect();
    let mut rows = Rows::default();
    let time = median(|| rows = Rows::build(keyspace, b"", &expanded, &Default::default()));
    say(&format!("rows with 1,001 open folders ({} rows)", rows.len()), &ms(time));
    let time = median(|| {
        black_box(rows.slice(rows.len() / 2, 60));
    });
    say("  60 rows in the middle", &ms(time));
    let last = rows.slice(rows.len() - 1, 1).remove(0).item();
    let time = median(|| {
        black_box(rows.position(&last));
    });
    say("  place of the last row", &ms(time));
    flat_rows();
}

/// A million keys in one folder.
fn flat_rows() {
    let mut keyspace = Keyspace::default();
    for number in 0..KEYS {
        keyspace.put(format!("flat/{number:020}").as_bytes(), meta(2), None);
    }
    let expanded = BTreeSet::from([b"flat/".to_vec()]);
    let mut rows = Rows::default();
    let time = median(|| rows = Rows::build(&keyspace, b"", &expanded, &Default::default()));
    say("rows of one open folder with 1,000,000 keys", &ms(time));
    let time = median(|| {
        black_box(rows.slice(900_000, 60));
    });
    say("  60 rows near the end", &ms(time));
    let start = Instant::now();
    let mut shown = keyspace.clone();
    for number in 0..1_000_u64 {
        keyspace.put(format!("flat/{:020}", number * 997).as_bytes(), meta(3), None);
        shown = keyspace.clone();
    }
    say("  a put with a picture given away after each", &ms(start.elapsed() / 1_000));
    black_box(shown);
}

fn digest(mirror: &Mirror) {
    let mut keys = 0;
    let time = median(|| keys = mirror.digest(false).keys);
    say(&format!("digest of {keys} keys"), &ms(time));
}

fn main() {
    // `-- compare` measures the comparison page alone, `-- coordination` what is recognised.
    if std::env::args().any(|argument| argument == "compare") {
        return compare::run();
    }
    if std::env::args().any(|argument| argument == "coordination") {
        return coordination::run();
    }
    compare::run();
    // What is resident is measured before anything else has taken and given back memory.
    let mut mirror = listing();
    let keyspace = Arc::new(mirror.keyspace().clone());
    digest(&mirror);
    searches(&keyspace);
    rows(&keyspace);
    drop(keyspace);
    puts(&mut mirror);
    searches_of_values(&mirror);
    listing_in_two_stretches();
    coordination::run();
}

fn searches_of_values(mirror: &Mirror) {
    let query = SearchQuery { text: "thirty".into(), mode: SearchMode::Values };
    let time = median(|| {
        black_box(search(mirror.keyspace(), &query, &|| false));
    });
    say("search Values among 200,000 loaded", &ms(time));
}

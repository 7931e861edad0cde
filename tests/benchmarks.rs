//! What `cargo xtask bench` makes of what it measured: promises judged, tables written, and the
//! README showing the baseline that is in the repository.

#![allow(dead_code, reason = "the measuring program uses the rest")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../benches/etcd/readme.rs"]
mod readme;
#[path = "../benches/etcd/sections.rs"]
mod sections;
#[path = "../benches/etcd/table.rs"]
mod table;
#[path = "../benches/etcd/targets.rs"]
mod targets;

use serde_json::{Value, json};

/// Whether the promise whose name begins so is kept.
fn met(document: &Value, name: &str) -> Option<bool> {
    let told = targets::json(document);
    let target = told.as_array().unwrap().iter().find(|it| it["name"].as_str().unwrap().starts_with(name));
    target.unwrap_or_else(|| panic!("no promise {name}"))["met"].as_bool()
}

fn sizes(ns_per_key: [f64; 3]) -> Value {
    let size =
        |(keys, ns): (u64, f64)| json!({ "keys": keys, "live_to_etcdctl": 0.7, "live_ns_per_key": ns });
    let sizes: Vec<Value> = [100_000, 1_000_000, 3_000_000].into_iter().zip(ns_per_key).map(size).collect();
    json!({ "parts": { "mirror": { "sizes": sizes } } })
}

#[test]
fn growth_beyond_linear_breaks_the_promise_at_any_size() {
    assert_eq!(met(&sizes([1_000.0, 900.0, 1_000.0]), "time a key"), Some(true));
    assert_eq!(met(&sizes([1_000.0, 1_200.0, 1_200.0]), "time a key"), Some(false));
    assert_eq!(met(&sizes([1_000.0, 500.0, 700.0]), "time a key"), Some(false));
}

#[test]
fn what_was_not_measured_is_not_met() {
    let document = sizes([1.0; 3]);
    assert_eq!(met(&document, "live tree"), Some(true));
    assert_eq!(met(&document, "first rows"), None);
    assert!(targets::table(&document).text().contains("not measured"));
    assert_eq!(met(&json!({}), "live tree"), None);
}

#[test]
fn one_lost_event_breaks_the_promise() {
    let with = |missing: u64, differing: u64| {
        let rate = json!({
            "events_per_second": 20_000,
            "missing_in_model": missing,
            "twice_in_model": 0,
            "out_of_order_in_model": 0,
        });
        json!({ "parts": { "events": { "rates": [rate], "keys_that_differ_from_the_raw_watch": differing } } })
    };
    assert_eq!(met(&with(0, 0), "20,000 events/s for 30 s: missing"), Some(true));
    assert_eq!(met(&with(1, 0), "20,000 events/s for 30 s: missing"), Some(false));
    assert_eq!(met(&with(0, 1), "20,000 events/s for 30 s: missing"), Some(false));
}

#[test]
fn frames_are_judged_by_the_worst_situation_under_load() {
    let frames = |p99: f64| json!({ "frames": 100, "p99_ms": p99, "cpu_p99_ms": p99 });
    let with = |listing: f64, folder: f64| {
        let figures =
            json!({ "listing": frames(listing), "scrolling": frames(1.0), "folder": frames(folder) });
        json!({ "parts": { "window": { "figures": figures } } })
    };
    assert_eq!(met(&with(9.0, 3.9), "a frame's own work"), Some(true));
    assert_eq!(met(&with(1.0, 4.1), "a frame's own work"), Some(false));
}

#[test]
fn tables_are_even_and_numbers_readable() {
    let mut table = table::Table::new("Title", &["name", "figure"]);
    table.rows.push(vec!["a".into(), table::figure(Some(1_234_567.0), 0, " ms")]);
    table.rows.push(vec!["longer".into(), table::figure(Some(-0.2), 0, "")]);
    assert_eq!(table.text(), "\nTitle\nname          figure\na       1,234,567 ms\nlonger             0\n");
    assert!(table.markdown().contains("| a | 1,234,567 ms |\n"));
}

#[test]
fn the_readme_shows_the_baseline() {
    let baseline: Value = serde_json::from_str(include_str!("../benches/baseline.json")).unwrap();
    let readme = include_str!("../README.md").replace("\r\n", "\n");
    let made = readme::with_tables(&readme, &baseline).expect("a place for the tables");
    assert!(made == readme, "`cargo xtask bench --baseline` writes the tables of the README");
}

//! The tables: what was measured, beside its references.

use serde_json::Value;

use crate::table::{Table, figure, grouped};

const MIB: f64 = 1024.0 * 1024.0;

/// A table for each part that was measured.
pub fn all(document: &Value) -> Vec<Table> {
    let mut tables = beside_references(document);
    let model_part = &document["parts"]["model"];
    if model_part.is_object() {
        tables.push(model(model_part));
    }
    tables
}

/// The same without the model's, which has no reference.
pub fn beside_references(document: &Value) -> Vec<Table> {
    let parts = &document["parts"];
    let mut tables = Vec::new();
    if parts["mirror"].is_object() {
        tables.push(mirror(&parts["mirror"]));
    }
    if parts["events"].is_object() {
        tables.push(latency(&parts["events"]));
        tables.push(throughput(&parts["events"]));
    }
    if parts["window"].is_object() {
        tables.push(frames_among_keys(&parts["window"]));
        tables.push(painted(&parts["window"]));
        tables.push(window(&parts["window"]));
    }
    if parts["coordination"].is_object() {
        tables.push(coordination(&parts["coordination"]));
    }
    tables
}

/// The values of an array.
pub fn each(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}

/// A count, in groups of three.
fn count(value: &Value) -> String {
    value.as_u64().map_or_else(|| "–".to_owned(), grouped)
}

fn mirror(part: &Value) -> Table {
    let title = format!(
        "The whole key space, keys only: keys of {} bytes, etcd {}, medians",
        part["key_bytes"],
        part["etcd"].as_str().unwrap_or("?")
    );
    let mut table = Table::new(
        title,
        &[
            "keys",
            "etcdctl",
            "one raw call",
            "mirror live",
            "against etcdctl",
            "against the raw call",
            "first rows",
            "mirror, a key",
            "etcdctl, a key",
            "resident",
            "a key beyond its own bytes",
        ],
    );
    for size in each(&part["sizes"]) {
        let median = |name: &str| figure(size[name]["median"].as_f64(), 0, " ms");
        table.rows.push(vec![
            count(&size["keys"]),
            median("etcdctl_ms"),
            median("raw_ms"),
            median("live_ms"),
            figure(size["live_to_etcdctl"].as_f64(), 2, ""),
            figure(size["live_to_raw"].as_f64(), 2, ""),
            median("first_rows_ms"),
            figure(size["live_ns_per_key"].as_f64(), 0, " ns"),
            figure(size["etcdctl_ns_per_key"].as_f64(), 0, " ns"),
            figure(size["rss_bytes"].as_f64().map(|bytes| bytes / MIB), 0, " MiB"),
            figure(size["bytes_per_key_beyond_its_own"].as_f64(), 0, " bytes"),
        ]);
        let values = &size["with_values"];
        if values.is_object() {
            table.note = format!(
                "With values, as the console reads up to 50,000 keys: {} keys live in {}, {} of \
                 `etcdctl get \"\" --prefix`.",
                count(&size["keys"]),
                figure(values["live_ms"]["median"].as_f64(), 0, " ms"),
                figure(values["live_to_etcdctl"].as_f64(), 2, "")
            );
        }
    }
    table
}

/// p50 / p99 / most.
fn spread(latencies: &Value) -> String {
    let of = |name: &str| figure(latencies[name].as_f64(), 1, "");
    format!("{} / {} / {}", of("p50_ms"), of("p99_ms"), of("max_ms"))
}

fn latency(part: &Value) -> Table {
    let keys = count(&part["keys"]);
    let mut table = Table::new(
        format!("From just before a put is sent, over {keys} keys: p50 / p99 / longest, ms"),
        &["events/s", "to its answer", "to a raw watch", "to the console's model", "model behind raw watch"],
    );
    for rate in each(&part["rates"]) {
        table.rows.push(vec![
            count(&rate["events_per_second"]),
            spread(&rate["answer_from_sent"]),
            spread(&rate["raw_from_sent"]),
            spread(&rate["model_from_sent"]),
            spread(&rate["model_behind_raw"]),
        ]);
    }
    table.note = "The raw watch, the writer and the console run in one process at the same time; one \
                  clock times each event by the number in its value."
        .to_owned();
    table
}

fn throughput(part: &Value) -> Table {
    let mut table = Table::new(
        "The same events: complete, and at what cost",
        &[
            "events/s",
            "seconds",
            "in a transaction",
            "written/s",
            "missing",
            "twice",
            "behind at the end",
            "raw watch behind",
            "processor an event",
            "raw watch",
            "memory grown",
        ],
    );
    for rate in each(&part["rates"]) {
        let grown = rate["rss_after_bytes"].as_f64().zip(rate["rss_before_bytes"].as_f64());
        table.rows.push(vec![
            count(&rate["events_per_second"]),
            count(&rate["seconds"]),
            count(&rate["events_per_transaction"]),
            figure(rate["achieved_events_per_second"].as_f64(), 0, ""),
            count(&rate["missing_in_model"]),
            count(&rate["twice_in_model"]),
            figure(rate["model_lag_at_the_end_ms"].as_f64(), 0, " ms"),
            figure(rate["raw_lag_at_the_end_ms"].as_f64(), 0, " ms"),
            figure(rate["console_cpu_ns_per_event"].as_f64().map(|ns| ns / 1e3), 1, " µs"),
            figure(rate["raw_cpu_ns_per_event"].as_f64().map(|ns| ns / 1e3), 1, " µs"),
            figure(grown.map(|(after, before)| (after - before) / MIB), 0, " MiB"),
        ]);
    }
    table.note = format!(
        "Keys shown at another revision than the raw watch saw last: {}; times the key space had to be \
         read anew: {}.",
        count(&part["keys_that_differ_from_the_raw_watch"]),
        count(&part["relisted"])
    );
    table
}

/// Situations of the window whose frames were counted, by name.
pub fn situations(part: &Value) -> Vec<(&str, &Value)> {
    let figures = part["figures"].as_object().into_iter().flatten();
    let counted = figures.filter(|(_, value)| value["p99_ms"].is_number() && value["frames"].is_number());
    counted.map(|(name, value)| (name.as_str(), value)).collect()
}

/// The own work of frames in each situation.
fn frames(title: String, part: &Value) -> Table {
    let mut table = Table::new(
        title,
        &[
            "situation",
            "frames",
            "processor p50",
            "p99",
            "by the clock p50",
            "p99",
            "longest",
            "with graphics, p50",
        ],
    );
    for (name, value) in situations(part) {
        let of = |name: &str, digits| figure(value[name].as_f64(), digits, " ms");
        table.rows.push(vec![
            name.replace('_', " "),
            count(&value["frames"]),
            of("cpu_p50_ms", 2),
            of("cpu_p99_ms", 2),
            of("p50_ms", 2),
            of("p99_ms", 2),
            of("max_ms", 2),
            of("whole_p50_ms", 1),
        ]);
    }
    table
}

fn frames_among_keys(part: &Value) -> Table {
    let title = format!(
        "A frame's own work in the real window, {} keys and {} events/s meanwhile",
        count(&part["keys"]),
        figure(part["figures"]["events_per_second"].as_f64(), 0, "")
    );
    let mut table = frames(title, part);
    table.note = "*listing* is before the tree is live, without events. *with graphics* is the whole frame \
                  with its triangles, drawn by the processor where there is no graphics card."
        .to_owned();
    table
}

/// The same among services and locks.
fn coordination(part: &Value) -> Table {
    let of = |name: &str| count(&part["figures"][name]);
    let title = format!(
        "A frame's own work among {} instances of {} services and {} keys of locks, {} events/s meanwhile",
        of("instances"),
        of("service_count"),
        of("lock_keys"),
        figure(part["figures"]["events_per_second"].as_f64(), 0, "")
    );
    frames(title, part)
}

/// From a commit, or a keystroke, to the frame that shows it.
fn painted(part: &Value) -> Table {
    let mut table = Table::new(
        "Until the real window shows it: p50 / p99 / longest, ms",
        &["", "measured", "on screen", "frame's own work done, p99"],
    );
    let figures = &part["figures"];
    let mut add = |name: String, waits: &Value| {
        table.rows.push(vec![
            name,
            count(&waits["count"]),
            spread(waits),
            figure(waits["drawn_p99_ms"].as_f64(), 1, ""),
        ]);
    };
    for rate in each(&figures["latency"]) {
        let events = figure(rate["events_per_second"].as_f64(), 0, "");
        add(format!("from the answer to a write, at {events} events/s"), rate);
    }
    if figures["filter"].is_object() {
        add("from a keystroke to its results, under load".to_owned(), &figures["filter"]);
    }
    table
}

/// What is one number about the window.
fn window(part: &Value) -> Table {
    let mut table = Table::new(format!("The real window on {} keys", count(&part["keys"])), &["", "figure"]);
    for (name, value) in part["figures"].as_object().into_iter().flatten() {
        let known = ["keys", "events_per_second"].contains(&name.as_str());
        if let Some(number) = value.as_f64().filter(|_| !known) {
            let (words, text) = named(&name.replace('_', " "), number);
            table.rows.push(vec![words, text]);
        }
    }
    if let Some(bytes) = part["binary_bytes"].as_f64() {
        let text = figure(Some(bytes / 1e6), 1, " MB");
        table.rows.push(vec!["size of the program, with inspection".to_owned(), text]);
    }
    table
}

/// A name without its unit, and the number with it.
fn named(words: &str, number: f64) -> (String, String) {
    if let Some(words) = words.strip_suffix(" ms") {
        return (words.to_owned(), figure(Some(number), 0, " ms"));
    }
    if let Some(words) = words.strip_suffix(" bytes") {
        return (words.to_owned(), figure(Some(number / MIB), 0, " MiB"));
    }
    if let Some(words) = words.strip_suffix(" percent") {
        return (words.to_owned(), figure(Some(number), 2, " %"));
    }
    (words.to_owned(), figure(Some(number), if number.fract() == 0.0 { 0 } else { 2 }, ""))
}

fn model(part: &Value) -> Table {
    let mut table = Table::new("The model alone, a million keys, one core", &["", "figure"]);
    for figure_told in each(&part["figures"]) {
        let unit = format!(" {}", figure_told["unit"].as_str().unwrap_or_default());
        let value = figure_told["value"].as_f64();
        let digits = usize::from(value.is_some_and(|value| value.fract() != 0.0)) * 2;
        let name = figure_told["name"].as_str().unwrap_or_default().to_owned();
        table.rows.push(vec![name, figure(value, digits, &unit)]);
    }
    table
}

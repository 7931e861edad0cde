//! What was promised, and whether it is kept.

use serde_json::{Value, json};

use crate::sections::{each, situations};
use crate::table::{Table, figure};

/// Growth is linear or better while no size, and no rate, costs so much more a key, or an event, than
/// the one before: what is beyond one is the noise of a measurement.
const LINEAR: f64 = 1.15;

/// A promise with its limit: what was measured must not be more.
struct Target {
    name: String,
    limit: f64,
    unit: &'static str,
    digits: usize,
    measured: Option<f64>,
}

impl Target {
    fn met(&self) -> Option<bool> {
        self.measured.map(|measured| measured <= self.limit)
    }
}

fn list(document: &Value) -> Vec<Target> {
    let parts = &document["parts"];
    let mut targets = Vec::new();
    let mut add = |name: &str, limit, unit, digits, measured| {
        targets.push(Target { name: name.to_owned(), limit, unit, digits, measured });
    };
    let million = each(&parts["mirror"]["sizes"]).find(|size| size["keys"] == 1_000_000);
    let of_million = |name: &str| million.and_then(|size| size[name].as_f64());
    add("live tree of 1,000,000 keys, against etcdctl", 0.75, "", 2, of_million("live_to_etcdctl"));
    let first = million.and_then(|size| size["first_rows_ms"]["median"].as_f64());
    add("first rows of 1,000,000 keys", 300.0, " ms", 0, first);
    let beyond = of_million("bytes_per_key_beyond_its_own");
    add("memory a key beyond its own bytes", 200.0, " bytes", 0, beyond);
    let sizes = || each(&parts["mirror"]["sizes"]);
    let growth = worst_growth(sizes().map(|size| size["live_ns_per_key"].as_f64()));
    add("time a key, each size against the one before", LINEAR, "", 2, growth);

    let rates = || each(&parts["events"]["rates"]);
    let rate = |wanted: u64| rates().find(move |rate| rate["events_per_second"] == wanted);
    let p99 = rate(5_000).and_then(|rate| rate["model_from_sent"]["p99_ms"].as_f64());
    add("commit to model at 5,000 events/s, p99", 60.0, " ms", 1, p99);
    let fast = rate(20_000);
    let wrong = fast.and_then(|rate| {
        let of = |name: &str| rate[name].as_f64();
        let differing = parts["events"]["keys_that_differ_from_the_raw_watch"].as_f64()?;
        Some(of("missing_in_model")? + of("twice_in_model")? + of("out_of_order_in_model")? + differing)
    });
    add("20,000 events/s for 30 s: missing, twice, out of order or differing", 0.0, "", 0, wrong);
    let lag = fast.and_then(|rate| rate["model_lag_at_the_end_ms"].as_f64());
    add("20,000 events/s for 30 s: behind at the end", 100.0, " ms", 0, lag);
    let slower = fast.and_then(|rate| {
        let p99: Vec<f64> =
            each(&rate["each_second"]).filter_map(|second| second["p99_ms"].as_f64()).collect();
        let third = p99.len() / 3;
        let sum = |seconds: &[f64]| seconds.iter().sum::<f64>();
        Some(sum(&p99[p99.len() - third..]) / sum(&p99[..third])).filter(|slower| slower.is_finite())
    });
    add("20,000 events/s for 30 s: latency of the last third against the first", 1.25, "", 2, slower);
    let busy = rates().filter(|rate| rate["events_per_second"].as_u64() >= Some(1_000));
    let growth = worst_growth(busy.map(|rate| rate["console_cpu_ns_per_event"].as_f64()));
    add("processor an event, each rate against the one before", LINEAR, "", 2, growth);

    // A quarter of the throughput at most: three quarters are left. (At more than etcd can take the
    // watch falls behind by itself, with the journal and without: nothing is promised there.)
    let rate = each(&parts["journal"]["rates"]).find(|rate| rate["per_second"] == 5_000);
    let ratio = rate.and_then(|rate| rate["throughput_ratio"].as_f64()).map(|ratio| 1.0 / ratio);
    add("the mirror without its journal, against with it, at 5,000 events/s", 1.33, "", 2, ratio);

    let window = &parts["window"];
    // Before the tree is live nothing can be under load yet.
    let under_load = |share: &str| {
        let loaded = situations(window).into_iter().filter(|(name, _)| *name != "listing");
        loaded.filter_map(|(_, value)| value[share].as_f64()).max_by(f64::total_cmp)
    };
    let work = under_load("cpu_p99_ms");
    add("a frame's own work in the worst situation, processor time, p99", 4.0, " ms", 2, work);
    let work = under_load("p99_ms");
    add("the same by the clock, beside etcd, the writer and software drawing", 4.0, " ms", 2, work);
    let filter = window["figures"]["filter_quiet"]["drawn_p99_ms"].as_f64();
    add("from a keystroke to the frame with its results, p99", 100.0, " ms", 0, filter);
    let filter = window["figures"]["filter"]["drawn_p99_ms"].as_f64();
    add("the same while 5,000 events/s are written and drawn", 100.0, " ms", 0, filter);
    let crowd = &parts["coordination"];
    let all = || situations(crowd).into_iter();
    let worst = |share: &str| all().filter_map(|(_, it)| it[share].as_f64()).max_by(f64::total_cmp);
    let work = worst("cpu_p99_ms");
    add(
        "a frame's own work among 50,000 instances and 5,000 lock keys, processor time, p99",
        8.0,
        " ms",
        2,
        work,
    );
    let work = worst("p99_ms");
    add("the same by the clock", 8.0, " ms", 2, work);
    let start = window["figures"]["first_frame_ms"].as_f64();
    add("start to first frame", 500.0, " ms", 0, start);
    let binary = window["binary_bytes"].as_f64().map(|bytes| bytes / 1e6);
    add("release binary", 40.0, " MB", 1, binary);
    targets
}

/// The most that any of these is of the one before.
fn worst_growth(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    values.windows(2).map(|pair| pair[1] / pair[0]).max_by(f64::total_cmp)
}

/// The targets with what was measured.
pub fn table(document: &Value) -> Table {
    let mut table = Table::new("What is promised", &["", "at most", "measured", ""]);
    for target in list(document) {
        let met = match target.met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "not measured",
        };
        table.rows.push(vec![
            target.name.clone(),
            figure(Some(target.limit), target.digits, target.unit),
            figure(target.measured, target.digits, target.unit),
            met.to_owned(),
        ]);
    }
    table
}

/// The same for programs.
pub fn json(document: &Value) -> Value {
    let all = list(document);
    let told = all.iter().map(|target| {
        json!({
            "name": target.name,
            "limit": target.limit,
            "unit": target.unit.trim(),
            "measured": target.measured,
            "met": target.met(),
        })
    });
    told.collect()
}

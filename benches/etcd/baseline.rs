//! The comparison with the baseline in the repository.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Outcome;
use crate::results::Results;
use crate::sections::{each, situations};

/// Ratios to a reference of the same run may be worse by so much.
const RATIOS: f64 = 0.25;
/// Figures without a reference, and latencies, may be worse by so much; without a reference they
/// are compared on the same machine alone.
const OTHERS: f64 = 0.5;

/// Where it lies.
pub fn file(repository: &Path) -> PathBuf {
    repository.join("benches").join("baseline.json")
}

/// A figure that is better when it is lower.
struct Figure {
    name: String,
    value: f64,
    tolerance: f64,
    /// Whether it says the same on any machine.
    anywhere: bool,
}

fn figures(document: &Value) -> Vec<Figure> {
    let parts = &document["parts"];
    let mut figures = Vec::new();
    let mut add = |name: String, value: Option<f64>, tolerance, anywhere| {
        if let Some(value) = value.filter(|value| value.is_finite() && *value > 0.0) {
            figures.push(Figure { name, value, tolerance, anywhere });
        }
    };
    for size in each(&parts["mirror"]["sizes"]) {
        let at = format!("at {} keys", size["keys"]);
        for (what, name) in [
            ("live against etcdctl", "live_to_etcdctl"),
            ("live against a raw call", "live_to_raw"),
            ("first rows against etcdctl", "first_rows_to_etcdctl"),
            ("bytes a key beyond its own", "bytes_per_key_beyond_its_own"),
        ] {
            add(format!("{what} {at}"), size[name].as_f64(), RATIOS, true);
        }
    }
    for rate in each(&parts["events"]["rates"]) {
        let at = format!("at {} events/s", rate["events_per_second"]);
        let over = |of: &Value, to: &Value| Some(of.as_f64()? / to.as_f64()?);
        for share in ["p50_ms", "p99_ms"] {
            let latency = over(&rate["model_from_sent"][share], &rate["raw_from_sent"][share]);
            let name = share.trim_end_matches("_ms");
            add(format!("model against a raw watch, {name} {at}"), latency, OTHERS, true);
        }
        let cost = over(&rate["console_cpu_ns_per_event"], &rate["raw_cpu_ns_per_event"]);
        if rate["events"].as_u64() >= Some(1_000) {
            add(format!("processor against a raw watch {at}"), cost, RATIOS, true);
        }
    }
    let window = &parts["window"];
    for (name, value) in situations(window) {
        let name = format!("a frame's processor time, p99, {}", name.replace('_', " "));
        add(name, value["cpu_p99_ms"].as_f64(), OTHERS, false);
    }
    add("release binary".to_owned(), window["binary_bytes"].as_f64(), RATIOS, true);
    for told in each(&parts["model"]["figures"]) {
        let value = told["value"].as_f64().filter(|_| told["unit"] == "ms");
        add(format!("model: {}", told["name"].as_str().unwrap_or_default()), value, OTHERS, false);
    }
    figures
}

/// How the results stand to the baseline.
pub struct Comparison {
    /// Name, baseline, now, now by baseline, tolerance.
    compared: Vec<(String, f64, f64, f64, f64)>,
    baseline: Option<String>,
}

/// Compares what both have.
pub fn compare(repository: &Path, results: &Results) -> Outcome<Comparison> {
    let Ok(bytes) = std::fs::read(file(repository)) else {
        return Ok(Comparison { compared: Vec::new(), baseline: None });
    };
    let baseline: Value = serde_json::from_slice(&bytes).map_err(|error| format!("the baseline: {error}"))?;
    let same_machine = baseline["machine"] == results.document()["machine"];
    let before = figures(&baseline);
    let mut compared = Vec::new();
    for now in figures(results.document()) {
        let known = before.iter().find(|known| known.name == now.name);
        if let Some(known) = known.filter(|known| known.anywhere || same_machine) {
            compared.push((now.name, known.value, now.value, now.value / known.value, known.tolerance));
        }
    }
    let dates = baseline["parts"].as_object().into_iter().flatten();
    let date = dates.filter_map(|(_, part)| part["measured"]["date"].as_str()).max();
    Ok(Comparison { compared, baseline: Some(date.unwrap_or("an unknown day").to_owned()) })
}

impl Comparison {
    /// For people: what is worse, or better, by more than its tolerance.
    pub fn text(&self) -> String {
        let Some(date) = &self.baseline else {
            return "There is no baseline to compare with (benches/baseline.json).\n".to_owned();
        };
        let mut text = format!(
            "\nAgainst the baseline of {date}: {} figures, ratios with a tolerance of {:.0} %, latencies and \
             figures without a reference of {:.0} %\n",
            self.compared.len(),
            RATIOS * 100.0,
            OTHERS * 100.0
        );
        let mut told = 0;
        for (name, before, now, ratio, tolerance) in &self.compared {
            let word = if *ratio > 1.0 + tolerance {
                "WORSE"
            } else if *ratio < 1.0 / (1.0 + tolerance) {
                "better"
            } else {
                continue;
            };
            told += 1;
            // Writing to a string can not fail.
            let _written = writeln!(text, "{word:<7} {ratio:>5.2}  {name}: {before:.3} → {now:.3}");
        }
        if told == 0 && !self.compared.is_empty() {
            text.push_str("all within their tolerance\n");
        }
        text
    }

    /// For programs: everything.
    pub fn json(&self) -> Value {
        let all = self.compared.iter().map(|(name, before, now, ratio, tolerance)| {
            json!({
                "name": name,
                "baseline": before,
                "now": now,
                "ratio": ratio,
                "tolerance": tolerance,
                "worse": *ratio > 1.0 + tolerance,
            })
        });
        json!({ "date": self.baseline, "figures": all.collect::<Vec<_>>() })
    }
}

//! What was measured, kept in `target/bench`, and on what machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Outcome, Surroundings};

/// Changed when documents of before can no longer be read.
const SCHEMA: u64 = 1;

/// All parts measured so far with one kind of build.
pub struct Results {
    file: PathBuf,
    document: Value,
}

impl Results {
    /// Reads what was measured before, if this machine measured it.
    pub fn open(repository: &Path, build: &str, quick: bool) -> Outcome<Self> {
        let name = if quick { format!("{build}-quick.json") } else { format!("{build}.json") };
        let file = repository.join("target").join("bench").join(name);
        let fresh = json!({
            "schema": SCHEMA,
            "build": build,
            "quick": quick,
            "machine": machine(),
            "parts": {},
        });
        let known = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice::<Value>(&bytes).ok(),
            Err(_) => None,
        };
        let same = |known: &Value| known["schema"] == fresh["schema"] && known["machine"] == fresh["machine"];
        let document = known.filter(same).unwrap_or(fresh);
        Ok(Self { file, document })
    }

    /// Everything.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Where it is kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// When, of what and in what time each part was measured.
    pub fn origins(&self) -> impl Iterator<Item = String> {
        self.document["parts"].as_object().into_iter().flatten().map(|(part, told)| {
            let of = |name: &str| told["measured"][name].as_str().unwrap_or("unknown").to_owned();
            let seconds = &told["measured"]["seconds"];
            format!("{part}: measured on {} at commit {} in {seconds} s", of("date"), of("commit"))
        })
    }

    /// Whether no part has been measured.
    pub fn are_empty(&self) -> bool {
        self.document["parts"].as_object().is_none_or(serde_json::Map::is_empty)
    }

    /// Whether these figures may be the baseline.
    pub fn count(&self) -> bool {
        self.document["quick"] == false && self.document["build"] == "release"
    }

    /// Keeps a part with what there is to know about its measurement.
    pub fn keep(
        &mut self,
        part: &str,
        mut measured: Value,
        load_average: Option<f64>,
        took: Duration,
        given: &Surroundings,
    ) -> Outcome {
        measured["measured"] = json!({
            "date": jiff::Zoned::now().date().to_string(),
            "commit": given.commit,
            "toolchain": given.toolchain,
            "seconds": took.as_secs(),
            "load_average_before": load_average,
        });
        self.document["parts"][part] = measured;
        write(&self.file, &self.document)
    }
}

/// Writes a document, in lines.
pub fn write(file: &Path, document: &Value) -> Outcome {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}

/// What may be said of the machine.
fn machine() -> Value {
    let line_of = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let memory = line_of("/proc/meminfo", "MemTotal").and_then(|text| {
        let kibibytes: f64 = text.split(' ').next()?.parse().ok()?;
        Some((kibibytes / 1024.0 / 1024.0).round())
    });
    json!({
        "processor": line_of("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map(std::num::NonZero::get).ok(),
        "memory_gib": memory,
        "graphics_card": Path::new("/dev/dri").exists(),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
    })
}

/// Programs that wanted to run in the last minute, on average.
pub fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

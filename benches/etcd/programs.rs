//! Measurements that programs of their own make: the model's benchmark, and the real window on a
//! virtual screen.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::space::Space;
use crate::timing::rounded;
use crate::{Outcome, heading};

/// No program may take longer.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs `benches/model.rs` and reads its lines, such as `search Substring "x"   1.25 ms`.
pub async fn model(program: Option<&Path>) -> Outcome<Value> {
    let program = program.ok_or("the model's benchmark was not built")?;
    let told = output(Command::new(program).arg("--bench")).await?;
    let figures: Vec<Value> = told.lines().filter_map(figure).collect();
    if figures.is_empty() {
        return Err("the model's benchmark told nothing".into());
    }
    for figure in &figures {
        eprintln!("  {}: {} {}", text(figure, "name"), figure["value"], text(figure, "unit"));
    }
    Ok(json!({ "figures": figures }))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// A name, spaces, and a number with its unit.
fn figure(line: &str) -> Option<Value> {
    let (name, figure) = line.trim_end().rsplit_once("  ")?;
    let figure = figure.trim();
    let split = figure.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')?;
    let (number, unit) = figure.split_at(split);
    Some(json!({
        "name": name.trim(),
        "value": rounded(number.parse::<f64>().ok()?),
        "unit": unit.trim(),
    }))
}

/// Opens the real window on so many keys. Its measurements are tests that only run when asked for;
/// each prints one line of JSON. They use mouse and keyboard, which may fail for a reason that has
/// nothing to do with what is measured: then they begin once more.
pub async fn window(program: Option<&Path>, console: Option<&Path>, keys: u64) -> Outcome<Value> {
    let program = program.ok_or("the window's measurements were not built")?;
    let (etcd, figures) = twice(|| window_on(program, "measure::", keys)).await?;
    let binary = console.and_then(|path| std::fs::metadata(path).ok()).map(|file| file.len());
    Ok(json!({ "etcd": etcd, "keys": keys, "binary_bytes": binary, "figures": figures }))
}

/// Opens the real window on services and locks; what there is to see it writes itself.
pub async fn coordination(program: Option<&Path>) -> Outcome<Value> {
    let program = program.ok_or("the window's measurements were not built")?;
    let (etcd, figures) = twice(|| window_on(program, "crowd::", 0)).await?;
    Ok(json!({ "etcd": etcd, "figures": figures }))
}

async fn twice<F: Future<Output = Outcome<T>>, T>(measure: impl Fn() -> F) -> Outcome<T> {
    match measure().await {
        Err(error) => {
            eprintln!("error: window: {error}\nOnce more, from the beginning");
            measure().await
        }
        measured => measured,
    }
}

/// The version of etcd, and what the window's measurements of this name told.
async fn window_on(program: &Path, name: &str, keys: u64) -> Outcome<(String, Map<String, Value>)> {
    let mut space = Space::start().await?;
    if keys > 0 {
        heading(&format!("Filling etcd {} with {keys} keys", space.version()));
        space.fill(keys).await?;
    }
    heading("Opening the window");
    let mut command = Command::new(program);
    command.args([name, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("ETCDSCOPE_BENCH_ENDPOINTS", space.endpoint());
    let told = output(&mut command).await?;
    let mut all = Map::new();
    for object in objects(&told) {
        all.extend(object);
    }
    if all.is_empty() {
        return Err(format!("the window was not measured:\n{told}").into());
    }
    Ok((space.version(), all))
}

/// The JSON objects among these lines; the test harness may write before them on the same line.
fn objects(told: &str) -> impl Iterator<Item = Map<String, Value>> {
    told.lines().filter_map(|line| {
        let at = line.find("{\"")?;
        serde_json::Deserializer::from_str(&line[at..]).into_iter().next()?.ok()
    })
}

/// What a program prints, if it succeeds within the limit.
async fn output(command: &mut Command) -> Outcome<String> {
    // What it says on its error output is progress, and the reason where it fails.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.spawn()?.wait_with_output())
        .await
        .map_err(|_| format!("it did not end within {LIMIT:?}"))??;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(told)
    } else {
        Err(format!("it failed ({}):\n{told}", output.status).into())
    }
}

//! `cargo xtask reliability`: runs the tests that prove the rows of `tests/cluster/rows.txt` and
//! writes what came of each row to `tests/RELIABILITY.md`.

mod report;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;

use crate::run::{Failure, announce, cargo, repository};
use report::Run;
use rows::{Row, TestName};

const ROWS: &str = "tests/cluster/rows.txt";
const TABLE: &str = "tests/RELIABILITY.md";

/// Runs the tests of all rows and writes the table; with names of rows, runs these alone and only
/// says what came of them.
pub fn run(names: &[&str]) -> Result<(), Failure> {
    let text = read(&repository().join(ROWS))?;
    let mut rows = rows::parse(&text).map_err(|why| Failure::new(format!("{ROWS}: {why}")))?;
    if let Some(unknown) = names.iter().find(|name| !rows.iter().any(|row| row.id == **name)) {
        return Err(Failure::new(format!("there is no row {unknown} in {ROWS}")));
    }
    if !names.is_empty() {
        rows.retain(|row| names.contains(&row.id.as_str()));
    }
    let tests = rows.iter().flat_map(|row| &row.tests);
    if let Some(missing) = tests.into_iter().find(|test| !test.exists(repository())) {
        let TestName { program, name } = missing;
        return Err(Failure::new(format!("{ROWS} names a test that does not exist: {program}: {name}")));
    }
    let figures = repository().join("target").join("reliability");
    let doing = |error: std::io::Error| Failure::while_doing(&figures.display().to_string(), &error);
    if figures.exists() {
        std::fs::remove_dir_all(&figures).map_err(doing)?;
    }
    std::fs::create_dir_all(&figures).map_err(doing)?;

    let begun = std::time::SystemTime::now();
    let mut outcome = Run::default();
    for (program, tests) in programs(&rows) {
        for (name, passed) in run_program(&program, &tests, &figures)? {
            outcome.results.insert(TestName { program: program.clone(), name }, passed);
        }
    }
    outcome.take_figures(&std::fs::read_to_string(figures.join("figures.tsv")).unwrap_or_default());
    let failed: Vec<&str> =
        rows.iter().filter(|row| outcome.has_failed(row)).map(|row| row.id.as_str()).collect();
    if names.is_empty() {
        let table = report::table(&rows, &outcome, begun);
        let path = repository().join(TABLE);
        std::fs::write(&path, table).map_err(|error| Failure::while_doing(TABLE, &error))?;
        eprintln!("{TABLE} is written");
    }
    for row in &rows {
        println!("{}: {}", row.id, report::result(row, &outcome));
        for figure in outcome.figures(&row.id) {
            println!("    {figure}");
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("failed: {}", failed.join(", ")))) }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::while_doing(&path.display().to_string(), &error))
}

/// The test programs that the rows name, with the tests of each.
fn programs(rows: &[Row]) -> BTreeMap<String, BTreeSet<String>> {
    let mut programs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for test in rows.iter().flat_map(|row| &row.tests) {
        programs.entry(test.program.clone()).or_default().insert(test.name.clone());
    }
    programs
}

/// Runs these tests of a program; tells which passed.
fn run_program(
    program: &str,
    tests: &BTreeSet<String>,
    figures: &Path,
) -> Result<BTreeMap<String, bool>, Failure> {
    let mut command = cargo(["test", "--features", "inspection"]);
    match program {
        "lib" => command.arg("--lib"),
        program => command.args(["--test", program]),
    };
    command.args(["--", "--exact"]).args(tests);
    command.env("ETCDSCOPE_FIGURES", figures).env("ETCDSCOPE_TEST_REQUIRE", "1");
    announce(&command);
    let failure = |error: std::io::Error| Failure::while_doing("cargo test", &error);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failure)?;
    let mut results = BTreeMap::new();
    if let Some(told) = child.stdout.take() {
        for line in BufReader::new(told).lines() {
            let line = line.map_err(failure)?;
            if let Some((name, passed)) = result_of(&line) {
                results.insert(name, passed);
            }
            writeln!(std::io::stdout(), "{line}").map_err(failure)?;
        }
    }
    child.wait().map_err(failure)?;
    if results.is_empty() {
        return Err(Failure::new(format!("no test of {program} ran")));
    }
    Ok(results)
}

/// The name and the outcome in a line such as `test a::b ... ok`.
fn result_of(line: &str) -> Option<(String, bool)> {
    let (name, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    // Tests that should panic say so behind their name.
    let name = name.split(" - ").next().unwrap_or(name).trim();
    match outcome.trim() {
        "ok" => Some((name.to_owned(), true)),
        "FAILED" => Some((name.to_owned(), false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_off_the_test_program_s_lines() {
        assert_eq!(result_of("test a::b_c ... ok"), Some(("a::b_c".to_owned(), true)));
        assert_eq!(result_of("test a ... FAILED"), Some(("a".to_owned(), false)));
        assert_eq!(result_of("test a - should panic ... ok"), Some(("a".to_owned(), true)));
        assert_eq!(result_of("test result: ok. 3 passed"), None);
        assert_eq!(result_of("test a ... ignored"), None);
    }

    /// A row that names a test which is gone would never be proven again.
    #[test]
    fn every_row_names_tests_that_exist() {
        let text = std::fs::read_to_string(repository().join(ROWS)).unwrap_or_default();
        let rows = match rows::parse(&text) {
            Ok(rows) => rows,
            Err(why) => unreachable!("{ROWS}: {why}"),
        };
        assert!(rows.len() > 30, "only {} rows", rows.len());
        let missing: Vec<String> = rows
            .iter()
            .flat_map(|row| row.tests.iter().map(move |test| (row, test)))
            .filter(|(_, test)| !test.exists(repository()))
            .map(|(row, test)| format!("{}: {}: {}", row.id, test.program, test.name))
            .collect();
        assert!(missing.is_empty(), "rows name tests that do not exist:\n{}", missing.join("\n"));
    }

    /// Figures are given for rows by their id: one that is misspelt would be lost.
    #[test]
    fn every_figure_is_of_a_row() {
        let text = std::fs::read_to_string(repository().join(ROWS)).unwrap_or_default();
        let rows = rows::parse(&text).unwrap_or_default();
        let mut unknown = Vec::new();
        for file in rows::sources(&repository().join("tests")) {
            let source = std::fs::read_to_string(&file).unwrap_or_default();
            for call in source.split("figure(").skip(1) {
                let Some(id) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                else {
                    continue;
                };
                if !rows.iter().any(|row| row.id == id) && !file.ends_with("figure.rs") {
                    unknown.push(format!("{}: {id}", file.display()));
                }
            }
        }
        assert!(unknown.is_empty(), "figures of no row:\n{}", unknown.join("\n"));
    }
}

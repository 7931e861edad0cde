//! Figures that a test measured, kept for the table of `cargo xtask reliability`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write as _;

/// The folder that figures are written to; without it none are.
const FOLDER: &str = "ETCDSCOPE_FIGURES";

/// Keeps a figure for a row of the table (its id in `rows.txt`), in the words that the table shall
/// show: `figure("member-killed", "events go on after 1.4 s")`.
pub fn figure(row: &str, text: impl Display) {
    let text = text.to_string().replace(['\n', '\r', '\t'], " ");
    eprintln!("figure of {row}: {text}");
    keep(row, &text);
}

/// Keeps the version of etcd that something was proven against.
pub fn proven_on(version: impl Display) {
    keep("etcd", &version.to_string());
}

fn keep(row: &str, text: &str) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let path = std::path::Path::new(&folder).join("figures.tsv");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // One write of one line: lines of tests that run at once do not mix.
    let line = format!("{row}\t{test}\t{text}\n");
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the figures");
    file.write_all(line.as_bytes()).expect("a figure");
}

//! The table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use super::rows::{Row, TestName};

/// What came of the tests.
#[derive(Debug, Default)]
pub struct Run {
    /// Which tests passed.
    pub results: BTreeMap<TestName, bool>,
    figures: BTreeMap<String, Vec<String>>,
}

impl Run {
    /// Takes the figures in that the tests wrote: row, test and words in each line.
    pub fn take_figures(&mut self, lines: &str) {
        for line in lines.lines() {
            let mut parts = line.split('\t');
            let (Some(row), Some(_test), Some(words)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let figures = self.figures.entry(row.to_owned()).or_default();
            if !figures.iter().any(|known| known == words) {
                figures.push(words.to_owned());
            }
        }
        for figures in self.figures.values_mut() {
            figures.sort();
        }
    }

    /// The figures of a row.
    pub fn figures(&self, row: &str) -> &[String] {
        self.figures.get(row).map_or(&[], Vec::as_slice)
    }

    /// Whether a test of the row failed, or did not run.
    pub fn has_failed(&self, row: &Row) -> bool {
        row.tests.iter().any(|test| self.results.get(test) != Some(&true))
    }
}

/// What came of a row, in words.
pub fn result(row: &Row, run: &Run) -> String {
    let later = row.later.join("; ");
    if run.has_failed(row) {
        let failed = row.tests.iter().filter(|test| run.results.get(*test) != Some(&true));
        let names: Vec<&str> = failed.map(|test| test.name.as_str()).collect();
        return format!("FAILED ({})", names.join(", "));
    }
    match (row.tests.is_empty(), later.is_empty()) {
        (true, _) => format!("not yet: {later}"),
        (false, true) => "passed".to_owned(),
        (false, false) => format!("passed; not yet: {later}"),
    }
}

/// The table as a page.
pub fn table(rows: &[Row], run: &Run, when: SystemTime) -> String {
    let mut page = String::from("# What it survives\n\n");
    let versions = run.figures("etcd").join(" and ");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let count = |wanted: &str| rows.iter().filter(|row| result(row, run).starts_with(wanted)).count();
    // Writing to a string can not fail.
    let _written = write!(
        page,
        "Made by `cargo xtask reliability` on {} against etcd {versions}, on {cores} cores, from \
         [`cluster/rows.txt`](cluster/rows.txt): it runs the tests named here against real members and \
         writes down what came of them. {} rows: {} passed ({} of them with a part still to come), {} failed, {} not yet.\n\n\
         | fault or input | passes when | result | figures of this run | tests |\n|---|---|---|---|---|\n",
        date(when),
        rows.len(),
        count("passed"),
        count("passed; not yet"),
        count("FAILED"),
        count("not yet"),
    );
    for row in rows {
        let mut result = result(row, run);
        for note in &row.notes {
            let _written = write!(result, ". {note}");
        }
        let tests: Vec<String> =
            row.tests.iter().map(|test| format!("`{}: {}`", test.program, test.name)).collect();
        let cells = [
            cell(&row.what),
            cell(&row.passes),
            cell(&result),
            run.figures(&row.id).iter().map(|figure| cell(figure)).collect::<Vec<_>>().join("<br>"),
            tests.join("<br>"),
        ];
        let _written = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

/// Words that stay within their cell.
fn cell(words: &str) -> String {
    words.replace('|', "\\|").replace('<', "&lt;")
}

/// The day, as `2026-05-01`.
fn date(when: SystemTime) -> String {
    let days = when.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Days to a date of the Gregorian calendar, whose years are counted from March here.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn test(name: &str) -> TestName {
        TestName { program: "cluster".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_row_passes_only_when_all_its_tests_ran_and_passed() {
        let mut run = Run::default();
        let mut row = Row { tests: vec![test("a"), test("b")], ..Row::default() };
        run.results.insert(test("a"), true);
        assert_eq!(result(&row, &run), "FAILED (b)");
        run.results.insert(test("b"), false);
        assert_eq!(result(&row, &run), "FAILED (b)");
        run.results.insert(test("b"), true);
        assert_eq!(result(&row, &run), "passed");
        row.later.push("c".to_owned());
        assert_eq!(result(&row, &run), "passed; not yet: c");
        row.tests.clear();
        assert_eq!(result(&row, &run), "not yet: c");
    }

    #[test]
    fn figures_come_to_their_row_once() {
        let mut run = Run::default();
        run.take_figures("a\tt\t2 s\na\tt\t1 s\na\tu\t1 s\nb\tt\tx | y\nbroken\n");
        assert_eq!(run.figures("a"), ["1 s", "2 s"]);
        let row = Row { id: "b".to_owned(), what: "w".to_owned(), ..Row::default() };
        assert!(table(&[row], &run, UNIX_EPOCH).contains("| x \\| y |"));
    }

    #[test]
    fn dates_are_of_the_calendar() {
        let day = |number: u64| date(UNIX_EPOCH + Duration::from_secs(number * 86_400));
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(19_782), "2024-02-29");
        assert_eq!(day(20_453), "2025-12-31");
    }
}

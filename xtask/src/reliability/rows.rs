//! The list of rows: what must be survived, when that is passed, and the tests that prove it.

use std::path::{Path, PathBuf};

/// A row of the table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Row {
    /// By which tests give figures.
    pub id: String,
    /// The fault or the input.
    pub what: String,
    /// When it is survived.
    pub passes: String,
    /// The tests that prove it.
    pub tests: Vec<TestName>,
    /// What is not there yet, and with which feature it will come.
    pub later: Vec<String>,
    /// What the tests can not show.
    pub notes: Vec<String>,
}

/// A test of a test program (`lib`: the library's own).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestName {
    /// The program.
    pub program: String,
    /// The test's name with its modules.
    pub name: String,
}

impl TestName {
    /// Whether the source has a test of this name.
    pub fn exists(&self, repository: &Path) -> bool {
        let mut modules: Vec<&str> = self.name.split("::").collect();
        let Some(function) = modules.pop() else { return false };
        let roots: Vec<PathBuf> = match self.program.as_str() {
            "lib" => vec![repository.join("src")],
            program => vec![repository.join("tests").join(program), repository.join("tests")],
        };
        let mut files = Vec::new();
        // A module may be a file, a folder, or stand inside the file of the one above it.
        for root in &roots {
            for depth in (1..=modules.len()).rev() {
                let folder = modules[..depth].iter().fold(root.clone(), |path, module| path.join(module));
                files.push(folder.with_extension("rs"));
                files.push(folder.join("mod.rs"));
            }
            files.extend([root.join("main.rs"), root.with_extension("rs"), root.join("lib.rs")]);
        }
        files.iter().any(|file| std::fs::read_to_string(file).is_ok_and(|source| has_test(&source, function)))
    }
}

/// Whether this source has the test: the function, with a test's attribute above it.
fn has_test(source: &str, function: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let names = [format!("fn {function}("), format!("async fn {function}(")];
        if !names.iter().any(|name| line.starts_with(name.as_str())) {
            return false;
        }
        let above =
            lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        // Tests of properties stand inside their macro.
        above.into_iter().any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
    })
}

/// Reads the list.
///
/// # Errors
/// The line that can not be read, and why.
pub fn parse(text: &str) -> Result<Vec<Row>, String> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| format!("line {}: {why}: {line}", number + 1);
        let (name, words) = line.split_once(": ").ok_or_else(|| wrong("no name before a colon"))?;
        let words = words.trim().to_owned();
        if name == "row" {
            if rows.iter().any(|row| row.id == words) {
                return Err(wrong("the row is there already"));
            }
            rows.push(Row { id: words, ..Row::default() });
            continue;
        }
        let row = rows.last_mut().ok_or_else(|| wrong("no row before it"))?;
        match name {
            "what" => row.what = words,
            "passes" => row.passes = words,
            "later" => row.later.push(words),
            "note" => row.notes.push(words),
            "test" => {
                let (program, name) = words.split_once(": ").ok_or_else(|| wrong("no program"))?;
                row.tests.push(TestName { program: program.to_owned(), name: name.trim().to_owned() });
            }
            _ => return Err(wrong("unknown name")),
        }
    }
    let incomplete = |row: &&Row| {
        row.what.is_empty() || row.passes.is_empty() || (row.tests.is_empty() && row.later.is_empty())
    };
    match rows.iter().find(incomplete) {
        Some(row) => Err(format!("row {}: it has no words, or neither tests nor a reason", row.id)),
        None => Ok(rows),
    }
}

/// All Rust files below a folder.
#[cfg(test)]
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_words_and_tests_or_a_reason() {
        let text = "# words\nrow: a\nwhat: b\npasses: c: d\ntest: cluster: m::t\nlater: e\n";
        let rows = parse(text).unwrap_or_default();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].passes.as_str(), rows[0].later.len()), ("c: d", 1));
        assert_eq!(rows[0].tests, [TestName { program: "cluster".into(), name: "m::t".into() }]);
        assert!(parse("row: a\nwhat: b\npasses: c\n").is_err_and(|why| why.contains("row a")));
        assert!(parse("row: a\nwhat: b\npasses: c\nlater: d\nrow: a\n").is_err());
        assert!(parse("what: b\n").is_err());
    }

    #[test]
    fn a_function_without_the_attribute_is_no_test() {
        assert!(has_test("#[tokio::test(flavor = \"x\")]\n// words\nasync fn a() {}", "a"));
        assert!(has_test("#[test]\n#[cfg(unix)]\nfn a() {}", "a"));
        assert!(!has_test("fn a() {}", "a"));
        assert!(!has_test("#[test]\nfn a_b() {}\nfn a() {}", "a"));
    }
}

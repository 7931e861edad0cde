//! Holding a value against its schema.

use std::sync::Arc;

use serde_json::Value;

use super::builtin::{self, Summary};
use super::compile::MAX_PROBLEMS;
use super::place::{Place, Places};
use super::problem::{Problem, What};
use super::read::{self, Syntax, Unread};
use super::set::{Applied, SchemaId, SchemaSet, Source};
use crate::model::bytes::Key;
use crate::model::format::{self, ValueFormat};
use crate::model::validate::ValueIssue;

/// What was found out about a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What applies to it; `None`: nothing.
    pub applied: Option<Applied>,
    /// What is wrong with it, in the order of its lines.
    pub problems: Vec<Problem>,
    /// There may be more problems than are listed.
    pub more: bool,
    /// What it says in short, where its kind is known.
    pub summary: Option<Summary>,
    /// The schema's document, where it could be made ready: what a form is made of.
    pub schema: Option<Arc<Value>>,
    /// How the text was read.
    pub syntax: Option<Syntax>,
    /// What it says, where it is one document.
    pub value: Option<Arc<Value>>,
}

impl Checked {
    /// Whether saving it needs an override.
    #[must_use]
    pub fn blocks(&self) -> bool {
        !self.problems.is_empty() && self.applied.as_ref().is_some_and(Applied::blocks)
    }
}

impl SchemaSet {
    /// Holds a value against the schema of its key. `format`: how it is to be read, where the operator
    /// chose. Takes as long as schema and value ask for: not to be called by the window's thread.
    #[must_use]
    pub fn check(&self, key: &[u8], value: &[u8], chosen: Option<ValueFormat>) -> Checked {
        let broke_off = || Checked {
            applied: self.applies(key),
            problems: vec![Problem::new(Vec::new(), What::Broken(String::from("the check broke off")))],
            ..Checked::default()
        };
        let check = std::panic::AssertUnwindSafe(|| self.check_within(key, value, chosen));
        std::panic::catch_unwind(check).unwrap_or_else(|_| broke_off())
    }

    fn check_within(&self, key: &[u8], value: &[u8], chosen: Option<ValueFormat>) -> Checked {
        let applied = self.applies(key);
        let text = std::str::from_utf8(value).ok();
        let format = chosen.unwrap_or_else(|| format::detect(key, value));
        let format = if text.is_none() { ValueFormat::Binary } else { format };
        match applied {
            None => self.recognise(key, text, format),
            Some(applied) if applied.source == Source::Itself => {
                let problems = match text {
                    None => vec![Problem::new(Vec::new(), What::Binary)],
                    Some(text) => self.problems_of_schema(key, text),
                };
                Checked { applied: Some(applied), problems, syntax: Some(Syntax::Json), ..Checked::default() }
            }
            Some(applied) => self.against(applied, text, format),
        }
    }

    fn problems_of_schema(&self, key: &[u8], text: &str) -> Vec<Problem> {
        match self.trial(&Key::from(key), text) {
            Ok(_) => Vec::new(),
            Err(problem) if problem.line > 0 || problem.path.is_empty() => vec![problem],
            Err(problem) => placed(text, Syntax::Json, vec![(0, problem, false)]),
        }
    }

    fn against(&self, applied: Applied, text: Option<&str>, format: ValueFormat) -> Checked {
        let schema = self.schema(&applied.schema);
        let kind = match &applied.schema {
            SchemaId::Kind(kind) => Some(*kind),
            _ => None,
        };
        let mut checked = Checked { applied: Some(applied), ..Checked::default() };
        let schema = match schema.as_ref() {
            Ok(schema) => schema,
            Err(problem) => {
                // Its place is one in the schema, not in the value.
                checked.problems.push(Problem::new(Vec::new(), problem.what.clone()));
                return checked;
            }
        };
        checked.schema = Some(schema.document.clone());
        let Some(text) = text else {
            checked.problems.push(Problem::new(Vec::new(), What::Binary));
            return checked;
        };
        let read = match read::read(text, format) {
            Ok(read) => read,
            Err(unread) => {
                checked.problems.push(unreadable(unread));
                return checked;
            }
        };
        checked.syntax = Some(read.syntax);
        checked.summary = match (kind, read.documents.first()) {
            (Some(kind), Some(value)) => kind.summary(value),
            (None, Some(value)) => builtin::recognise(&[], value).and_then(|(kind, _)| kind.summary(value)),
            _ => None,
        };
        let mut found = Vec::new();
        for (at, value) in read.documents.iter().enumerate() {
            let problems = schema.problems(value);
            found.extend(problems.into_iter().map(|(problem, at_name)| (at, problem, at_name)));
        }
        // A text that is no document at all may be meant as one: as a string it is what it is.
        checked.more = found.len() >= MAX_PROBLEMS;
        found.truncate(MAX_PROBLEMS);
        checked.problems = placed(text, read.syntax, found);
        let mut documents = read.documents;
        if documents.len() <= 1 {
            checked.value = Some(Arc::new(documents.pop().unwrap_or_default()));
        }
        checked
    }

    /// No rule applies: the value may be of a well-known kind.
    fn recognise(&self, key: &[u8], text: Option<&str>, format: ValueFormat) -> Checked {
        let nothing = Checked::default();
        if !self.settings().recognise {
            return nothing;
        }
        let Some(Ok(read)) = text.map(|text| read::read(text, format)) else { return nothing };
        let [value] = read.documents.as_slice() else { return nothing };
        let Some((kind, confidence)) = builtin::recognise(key, value) else { return nothing };
        let applied = Applied {
            source: Source::Recognised(confidence),
            pattern: String::new(),
            schema: SchemaId::Kind(kind),
        };
        self.against(applied, text, format)
    }
}

fn unreadable(unread: Unread) -> Problem {
    match unread {
        Unread::Format(name) => Problem::new(Vec::new(), What::Format(name)),
        Unread::Mistake(ValueIssue { line, column, message }) => {
            Problem { line, column, ..Problem::new(Vec::new(), What::Syntax(message)) }
        }
    }
}

/// Puts problems to their places in the text, in the order of its lines.
fn placed(text: &str, syntax: Syntax, found: Vec<(usize, Problem, bool)>) -> Vec<Problem> {
    let mut places = Places::new(text, syntax);
    let mut problems: Vec<Problem> = found
        .into_iter()
        .map(|(document, problem, at_name)| match places.find(document, &problem.path, at_name) {
            Some(Place { line, column, end_column }) => Problem { line, column, end_column, ..problem },
            None => problem,
        })
        .collect();
    problems.sort_by_key(|problem| (problem.line, problem.column));
    problems
}

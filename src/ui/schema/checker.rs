//! Holds a value against its schema beside the window. What was found last stays on screen until the
//! next answer is there; only an answer about this very value lets it be saved.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;

use crate::model::bytes::{Key, Value};
use crate::model::format::ValueFormat;
use crate::model::schema::{Checked, Problem, SchemaSet, What};
use crate::ui::beside::{Answer, Beside};

/// A check that takes longer is given up: it can not be stopped, but nobody waits for it any more.
const LONGEST: Duration = Duration::from_secs(5);
/// Checks that were given up may still be running: no more of them are begun.
const MOST_GIVEN_UP: usize = 3;
/// Larger values are checked once typing has paused.
const AT_ONCE_BYTES: usize = 32 * 1024;
/// The pause, in seconds.
const PAUSE_SECS: f64 = 0.25;

/// What is to be checked.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The key.
    pub key: Key,
    /// The version of the value: another one is another value.
    pub version: u64,
    /// How it is read, where the operator chose.
    pub format: Option<ValueFormat>,
    /// The schemas.
    pub schemas: Arc<SchemaSet>,
}

impl Subject {
    fn is(&self, other: &Self) -> bool {
        self.version == other.version
            && self.format == other.format
            && Arc::ptr_eq(&self.schemas, &other.schemas)
            && self.key == other.key
    }
}

/// What is known about a value.
#[derive(Clone, Debug)]
pub enum State {
    /// Nothing yet.
    Unknown,
    /// What was found about an earlier version of it.
    Earlier(Arc<Checked>),
    /// What was found about it.
    Known(Arc<Checked>),
}

impl State {
    /// What was found last.
    #[must_use]
    pub fn last(&self) -> Option<&Arc<Checked>> {
        match self {
            Self::Unknown => None,
            Self::Earlier(checked) | Self::Known(checked) => Some(checked),
        }
    }

    /// What was found about this very value.
    #[must_use]
    pub fn known(&self) -> Option<&Arc<Checked>> {
        match self {
            Self::Known(checked) => Some(checked),
            _ => None,
        }
    }
}

struct Working {
    subject: Subject,
    since: Instant,
    beside: Beside<Checked>,
}

/// Remembers what was found out last.
#[derive(Default)]
pub struct SchemaChecker {
    found: Option<(Subject, Arc<Checked>)>,
    working: Option<Working>,
    given_up: usize,
}

impl SchemaChecker {
    /// What is known of a value. `edited_at`: when it was typed in last, and now, in seconds.
    pub fn check(
        &mut self,
        ctx: &Context,
        subject: &Subject,
        value: impl FnOnce() -> Value,
        (edited_at, now): (f64, f64),
    ) -> State {
        self.take_answer(ctx);
        if let Some((of, checked)) = &self.found
            && of.is(subject)
        {
            return State::Known(checked.clone());
        }
        if self.working.is_none() {
            self.begin(ctx, subject, value, (edited_at, now));
            if let Some((of, checked)) = &self.found
                && of.is(subject)
            {
                return State::Known(checked.clone());
            }
        }
        match &self.found {
            Some((of, checked)) if of.key == subject.key => State::Earlier(checked.clone()),
            _ => State::Unknown,
        }
    }

    fn take_answer(&mut self, ctx: &Context) {
        let Some(working) = &self.working else { return };
        let checked = match working.beside.take() {
            Answer::Ready(checked) => checked,
            Answer::Failed => {
                not_checked(&working.subject, What::Broken(String::from("the check broke off")))
            }
            Answer::Working if working.since.elapsed() < LONGEST => {
                ctx.request_repaint_after(LONGEST);
                return;
            }
            Answer::Working => {
                self.given_up += 1;
                not_checked(&working.subject, What::TooLong)
            }
        };
        if let Some(working) = self.working.take() {
            self.found = Some((working.subject, Arc::new(checked)));
        }
    }

    fn begin(
        &mut self,
        ctx: &Context,
        subject: &Subject,
        value: impl FnOnce() -> Value,
        (edited_at, now): (f64, f64),
    ) {
        if self.given_up >= MOST_GIVEN_UP {
            self.found = Some((subject.clone(), Arc::new(not_checked(subject, What::TooLong))));
            return;
        }
        let value = value();
        let pause = PAUSE_SECS - (now - edited_at);
        if value.len() > AT_ONCE_BYTES && pause > 0.0 {
            ctx.request_repaint_after(Duration::from_secs_f64(pause + 0.01));
            return;
        }
        let of = subject.clone();
        let work = move || of.schemas.check(&of.key, &value, of.format);
        let beside = Beside::start(ctx, "schema", work);
        self.working = Some(Working { subject: subject.clone(), since: Instant::now(), beside });
    }
}

fn not_checked(subject: &Subject, what: What) -> Checked {
    let applied = subject.schemas.applies(&subject.key);
    // Where no rule applies there was nothing that could be broken.
    let problems = if applied.is_some() { vec![Problem::new(Vec::new(), what)] } else { Vec::new() };
    Checked { applied, problems, ..Checked::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keyspace::Keyspace;
    use crate::model::record::KeyMeta;
    use crate::model::schema::SchemaSettings;

    fn schemas(schema: &str) -> Arc<SchemaSet> {
        let mut keyspace = Keyspace::new(b'/');
        keyspace.put(b"config/schema/a", KeyMeta::default(), Some(schema.as_bytes().into()));
        Arc::new(SchemaSet::new(&SchemaSettings::default(), &keyspace))
    }

    fn settled(checker: &mut SchemaChecker, ctx: &Context, subject: &Subject, value: &[u8]) -> Arc<Checked> {
        let start = Instant::now();
        loop {
            match checker.check(ctx, subject, || Value::from(value), (0.0, 10.0)) {
                State::Known(checked) => return checked,
                _ => assert!(start.elapsed().as_secs() < 30, "never checked"),
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn only_an_answer_about_this_very_value_is_known() {
        let ctx = Context::default();
        let mut checker = SchemaChecker::default();
        let schemas_now = schemas(r#"{"minimum": 5}"#);
        let key = Key::from(b"config/x/a".as_slice());
        let subject = Subject { key, version: 1, format: None, schemas: schemas_now };
        assert!(settled(&mut checker, &ctx, &subject, b"1").blocks());
        let next = Subject { version: 2, ..subject.clone() };
        let state = checker.check(&ctx, &next, || Value::from(b"9".as_slice()), (0.0, 10.0));
        assert!(matches!(state, State::Earlier(_)), "the marks stay, but nothing is saved by them");
        assert!(!settled(&mut checker, &ctx, &next, b"9").blocks());
        let stricter = Subject { schemas: schemas(r#"{"minimum": 50}"#), ..next };
        assert!(settled(&mut checker, &ctx, &stricter, b"9").blocks(), "another schema is another question");
    }
}

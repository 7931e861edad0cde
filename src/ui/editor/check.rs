//! Whether a text is valid by its syntax: at once where it is small, beside the window where it is
//! large and typing has paused.

use egui::Context;

use crate::model::format::ValueFormat;
use crate::model::validate::{self, ValueIssue};
use crate::ui::beside::{Answer, Beside};

/// Larger texts are checked once typing has paused for a moment, in seconds.
const PAUSE_SECS: f64 = 0.25;
/// Up to this size a text is checked and laid out at once, at every keystroke.
pub const AT_ONCE_BYTES: usize = 32 * 1024;

/// What was found out about the syntax of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It has not been looked at since the last keystroke, or is being looked at.
    NotYet,
    /// There is nothing to check: plain text and bytes.
    Nothing,
    /// It is valid.
    Valid,
    /// The first mistake.
    Invalid(ValueIssue),
}

/// What a check is about: the text's version and the format.
type Subject = (u64, ValueFormat);

/// Remembers what was found out last.
#[derive(Default)]
pub struct Checker {
    checked: Option<(Subject, Checked)>,
    working: Option<(Subject, Beside<Checked>)>,
}

/// When a text is checked.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// Now, in seconds.
    pub time: f64,
    /// When it was edited last.
    pub edited_at: f64,
    /// It is needed now, whether typing has paused or not.
    pub now: bool,
}

impl Checker {
    /// Forgets what was found out.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What is known of this version of a text (`None`: bytes); where it is to be checked once typing
    /// has paused, after how many seconds.
    pub fn check(
        &mut self,
        ctx: &Context,
        subject: Subject,
        text: Option<&str>,
        when: When,
    ) -> (&Checked, Option<f64>) {
        let mut wait = None;
        let is_known =
            self.checked.as_ref().is_some_and(|(of, checked)| *of == subject && *checked != Checked::NotYet);
        if !is_known {
            let checked = match text {
                None => Checked::Nothing,
                Some(text) if text.len() <= AT_ONCE_BYTES => validated(subject.1, text),
                Some(text) => self.beside(ctx, subject, text, when, &mut wait),
            };
            self.checked = Some((subject, checked));
        }
        (self.checked.as_ref().map_or(&Checked::NotYet, |(_, checked)| checked), wait)
    }

    fn beside(
        &mut self,
        ctx: &Context,
        subject: Subject,
        text: &str,
        when: When,
        wait: &mut Option<f64>,
    ) -> Checked {
        if let Some((of, working)) = &self.working
            && *of == subject
        {
            let checked = match working.take() {
                Answer::Working => return Checked::NotYet,
                Answer::Ready(checked) => checked,
                Answer::Failed => Checked::Nothing,
            };
            self.working = None;
            return checked;
        }
        let pause = PAUSE_SECS - (when.time - when.edited_at);
        if !when.now && pause > 0.0 {
            *wait = Some(pause);
            return Checked::NotYet;
        }
        let (format, text) = (subject.1, text.to_owned());
        self.working = Some((subject, Beside::start(ctx, "check", move || validated(format, &text))));
        Checked::NotYet
    }
}

fn validated(format: ValueFormat, text: &str) -> Checked {
    if matches!(format, ValueFormat::Plain | ValueFormat::Binary) {
        return Checked::Nothing;
    }
    match validate::validate(format, text) {
        Ok(()) => Checked::Valid,
        Err(issue) => Checked::Invalid(issue),
    }
}

#[cfg(test)]
mod tests {
    use super::{Checked, Checker, When};
    use crate::model::format::ValueFormat;

    const OPENED: When = When { time: 10.0, edited_at: 0.0, now: false };

    #[test]
    fn a_large_text_is_checked_beside_the_window_once_typing_has_paused() {
        let ctx = egui::Context::default();
        let mut checker = Checker::default();
        let text = format!("[{}1", "1,\n".repeat(50_000));
        let typing = When { time: 10.0, edited_at: 9.9, now: false };
        let (checked, wait) = checker.check(&ctx, (1, ValueFormat::Json), Some(&text), typing);
        assert_eq!((checked, wait.is_some()), (&Checked::NotYet, true));
        let start = std::time::Instant::now();
        let found = loop {
            match checker.check(&ctx, (1, ValueFormat::Json), Some(&text), OPENED).0 {
                Checked::NotYet => assert!(start.elapsed().as_secs() < 30, "never checked"),
                found => break found.clone(),
            }
            std::thread::yield_now();
        };
        assert!(matches!(found, Checked::Invalid(_)), "{found:?}");
        let again = checker.check(&ctx, (2, ValueFormat::Json), Some(&text), OPENED).0;
        assert_eq!(*again, Checked::NotYet, "another version is another text");
    }

    #[test]
    fn a_small_text_is_checked_at_once() {
        let ctx = egui::Context::default();
        let mut checker = Checker::default();
        let typing = When { time: 10.0, edited_at: 10.0, now: false };
        assert_eq!(*checker.check(&ctx, (1, ValueFormat::Json), Some("{}"), typing).0, Checked::Valid);
        assert_eq!(*checker.check(&ctx, (2, ValueFormat::Plain), Some("{"), typing).0, Checked::Nothing);
        assert_eq!(*checker.check(&ctx, (3, ValueFormat::Json), None, typing).0, Checked::Nothing);
    }
}

//! What the claims of a queue speak for, together.

use crate::model::coordination::{ClaimForm, ClaimKind, ClaimQueue, Confidence, Layout};

/// What one claim speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) kind: ClaimKind,
    pub(super) form: ClaimForm,
    pub(super) layout: Layout,
    pub(super) confidence: Confidence,
}

/// How many claims of a queue speak for what. Claims of one queue hardly ever differ, so there are one or two.
#[derive(Debug, Default)]
pub(super) struct Tally {
    hints: Vec<(Hint, usize)>,
}

impl Tally {
    pub(super) fn add(&mut self, hint: Hint) {
        match self.hints.iter_mut().find(|(known, _)| *known == hint) {
            Some((_, count)) => *count += 1,
            None => self.hints.push((hint, 1)),
        }
    }

    /// Takes a claim's word back; `true`: nothing is left.
    pub(super) fn take(&mut self, hint: Hint) -> bool {
        if let Some((_, count)) = self.hints.iter_mut().find(|(known, _)| *known == hint) {
            *count -= 1;
        }
        self.hints.retain(|(_, count)| *count > 0);
        self.hints.is_empty()
    }

    /// Writes into the queue what its claims say; tells whether its kind is another one now. One claim that
    /// speaks for an election makes it one: locks have no values there.
    pub(super) fn describe(&self, queue: &mut ClaimQueue) -> bool {
        let hints = || self.hints.iter().map(|(hint, _)| hint);
        let Some(kind) = hints().map(|hint| hint.kind).max() else { return false };
        let form = match () {
            () if hints().any(|hint| hint.form == ClaimForm::ReadWrite) => ClaimForm::ReadWrite,
            () if hints().any(|hint| hint.form == ClaimForm::Queue) => ClaimForm::Queue,
            () => ClaimForm::SingleKey,
        };
        let differs = queue.kind != kind;
        queue.kind = kind;
        queue.form = form;
        queue.layout = hints().map(|hint| hint.layout).max().unwrap_or_default();
        queue.confidence = hints().map(|hint| hint.confidence).max().unwrap_or(queue.confidence);
        differs
    }
}

//! What is worked out for the screen: at once where it is little, beside the window where it is much,
//! and never twice for the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;

use crate::ui::beside::{Answer, Beside};

/// The newest answer to a question, and the work on the next one. The old answer is shown for as long
/// as the new one is worked on.
pub(super) struct Lane<K, T> {
    name: &'static str,
    answered: Option<K>,
    /// The question on which the work broke off.
    broke: Option<K>,
    answer: Option<Arc<T>>,
    work: Option<(K, Beside<T>)>,
    began: Option<Instant>,
    took: Duration,
    failed: bool,
}

impl<K: PartialEq + Clone, T: Send + Sync + 'static> Lane<K, T> {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            answered: None,
            broke: None,
            answer: None,
            work: None,
            began: None,
            took: Duration::ZERO,
            failed: false,
        }
    }

    /// The newest answer.
    pub(super) fn answer(&self) -> Option<&Arc<T>> {
        self.answer.as_ref()
    }

    /// The question that it answers.
    pub(super) fn answered(&self) -> Option<&K> {
        self.answered.as_ref().filter(|_| self.answer.is_some())
    }

    /// Whether the answer is of another question than the newest.
    pub(super) fn is_working(&self) -> bool {
        self.work.is_some()
    }

    /// Whether the work broke off.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Asks, unless that is answered or worked on. `small`: it is worked out here and now. `pause`: a
    /// question like this is asked again so many times later than the last one took.
    pub(super) fn ask(
        &mut self,
        ctx: &Context,
        question: &K,
        small: bool,
        pause: Option<(Duration, u32)>,
        work: impl FnOnce() -> T + Send + 'static,
    ) {
        self.take(ctx);
        let known = [&self.answered, &self.broke].into_iter().any(|known| known.as_ref() == Some(question));
        if known || self.work.is_some() {
            return;
        }
        if small {
            self.keep(ctx, question.clone(), work(), false);
            return;
        }
        if let (Some((least, times)), Some(began)) = (pause, self.began) {
            let wait = least.max(self.took * times).saturating_sub(began.elapsed());
            if !wait.is_zero() && self.answer.is_some() {
                ctx.request_repaint_after(wait);
                return;
            }
        }
        self.began = Some(Instant::now());
        self.work = Some((question.clone(), Beside::start(ctx, self.name, work)));
    }

    fn take(&mut self, ctx: &Context) {
        let Some((question, work)) = &self.work else { return };
        match work.take() {
            Answer::Working => {}
            Answer::Ready(answer) => {
                let question = question.clone();
                self.work = None;
                self.took = self.began.map_or(Duration::ZERO, |began| began.elapsed());
                self.keep(ctx, question, answer, true);
            }
            Answer::Failed => {
                // Asked once: what broke would break again.
                self.broke = Some(question.clone());
                self.work = None;
                self.failed = true;
            }
        }
    }

    fn keep(&mut self, ctx: &Context, question: K, answer: T, large: bool) {
        self.failed = false;
        self.broke = None;
        self.answered = Some(question);
        let before = self.answer.replace(Arc::new(answer));
        // To free much takes time as well.
        if let Some(before) = before.filter(|_| large) {
            drop(Beside::start(ctx, "discard", move || drop(before)));
        }
    }
}

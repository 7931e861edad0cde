//! What happened, in order, each with a number.

use std::sync::Arc;

use super::{Engine, Moment};
use crate::model::coordination::{EndCause, MOST_NEWS, News, NewsKind};

impl Engine {
    /// Tells something, and returns its number.
    pub(super) fn tell(&mut self, moment: Moment, kind: NewsKind) -> u64 {
        self.serial += 1;
        let news = News { serial: self.serial, at: moment.at, revision: moment.revision, kind };
        let all = &mut self.picture.news;
        if all.len() >= MOST_NEWS {
            all.pop_front();
        }
        all.push_back(Arc::new(news));
        self.serial
    }

    /// Why something ended that was told of.
    pub(super) fn tell_cause(&mut self, serial: u64, found: EndCause) {
        let all = &mut self.picture.news;
        let Some(first) = all.front().map(|news| news.serial) else { return };
        let at = serial.checked_sub(first).and_then(|at| usize::try_from(at).ok());
        let Some(news) = at.and_then(|at| all.get_mut(at)) else { return };
        match &mut Arc::make_mut(news).kind {
            NewsKind::Instance { cause, .. }
            | NewsKind::Leader { cause, .. }
            | NewsKind::Holder { cause, .. } => *cause = Some(found),
            NewsKind::Deadlock { .. } | NewsKind::DeadlockOver { .. } => {}
        }
    }
}

//! What happened, in order, each with a number.

use std::sync::Arc;

use imbl::Vector;

use super::{Engine, Moment};
use crate::model::coordination::{EndCause, MOST_HANDOVERS, MOST_NEWS, News, NewsKind};

/// Something that was told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Among the handovers of locks, rather than among the news.
    handover: bool,
    serial: u64,
}

impl Engine {
    /// Tells something, and says where it was told.
    pub(super) fn tell(&mut self, moment: Moment, kind: NewsKind) -> Told {
        let handover = matches!(kind, NewsKind::Holder { .. });
        let (all, most, serial) = if handover {
            (&mut self.picture.handovers, MOST_HANDOVERS, &mut self.handover_serial)
        } else {
            (&mut self.picture.news, MOST_NEWS, &mut self.serial)
        };
        *serial += 1;
        let news = News { serial: *serial, at: moment.at, revision: moment.revision, kind };
        if all.len() >= most {
            all.pop_front();
        }
        all.push_back(Arc::new(news));
        Told { handover, serial: *serial }
    }

    /// Why something ended that was told of.
    pub(super) fn tell_cause(&mut self, told: Told, found: EndCause) {
        let all = if told.handover { &mut self.picture.handovers } else { &mut self.picture.news };
        let Some(news) = of_serial(all, told.serial) else { return };
        match &mut Arc::make_mut(news).kind {
            NewsKind::Instance { cause, .. }
            | NewsKind::Leader { cause, .. }
            | NewsKind::Holder { cause, .. } => *cause = Some(found),
            NewsKind::Deadlock { .. } | NewsKind::DeadlockOver { .. } => {}
        }
    }
}

/// Their numbers follow each other.
fn of_serial(all: &mut Vector<Arc<News>>, serial: u64) -> Option<&mut Arc<News>> {
    let first = all.front().map(|news| news.serial)?;
    let at = serial.checked_sub(first).and_then(|at| usize::try_from(at).ok())?;
    all.get_mut(at)
}

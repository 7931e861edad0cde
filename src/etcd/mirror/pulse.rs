//! Whether what was told is all that there is. A stream in silence says nothing: a member that hangs, or
//! that is cut off from the others, is as silent as one of which nothing is to be told. So the member is
//! asked, through the cluster's majority, how far the cluster has come: a mirror that has come as far was
//! in step at that moment.

use std::sync::Arc;
use std::time::Instant;

use etcd_client::{GetOptions, ResponseHeader};
use tokio::sync::mpsc::{Receiver, channel};

use super::super::cluster::READ_TIMEOUT;
use super::super::member::Member;
use super::super::task::Task;
use crate::model::fault::FaultKind;
use crate::model::status::{KeyInterval, SeenAt, now};

/// How far the cluster had come at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The revision; 0: the user may not know it.
    pub revision: i64,
    /// When it was asked, on both clocks.
    pub at: (Instant, SeenAt),
}

/// A question on its way. Dropping it ends it.
pub(super) struct Pulse {
    answer: Receiver<Option<Mark>>,
    _task: Task<()>,
}

impl Pulse {
    /// Asks the member for as little as can be of what the user may read.
    pub(super) fn ask(member: Arc<Member>, intervals: &[KeyInterval]) -> Self {
        let (sender, answer) = channel(1);
        let start = intervals.iter().map(|interval| &interval.start).find(|start| !start.is_empty());
        let key = start.map_or_else(|| vec![0], Clone::clone);
        let task = Task::spawn(async move {
            let at = (Instant::now(), now());
            let ask = |mut handle: super::super::member::Handle| {
                let key = key.clone();
                async move { handle.kv.get(key, Some(GetOptions::new().with_count_only())).await }
            };
            let mark = match member.call(READ_TIMEOUT, ask).await {
                Ok(answer) => answer.header().map(ResponseHeader::revision),
                Err(refusal) if refusal.fault.kind == FaultKind::PermissionDenied => Some(0),
                Err(refusal) => {
                    tracing::debug!(fault = %refusal.fault, "how far the cluster has come is not known");
                    None
                }
            };
            // Whoever listened is gone if this can not be told.
            let _told = sender.send(mark.map(|revision| Mark { revision, at })).await;
        });
        Self { answer, _task: task }
    }

    /// What the member told, where that is waited for; `None`: nothing.
    pub(super) async fn comes(pulse: &mut Option<Self>) -> Option<Mark> {
        match pulse {
            Some(pulse) => pulse.answer.recv().await.flatten(),
            None => None,
        }
    }
}

/// When the mirror was in step with the cluster last, and what it is waited for to be so again.
#[derive(Debug)]
pub(super) struct InStep {
    at: (Instant, SeenAt),
    /// The cluster had come so far: in step is who has come as far.
    owed: Option<Mark>,
}

impl InStep {
    /// It is in step just now.
    pub(super) fn now() -> Self {
        Self { at: (Instant::now(), now()), owed: None }
    }

    /// When it was so last.
    pub(super) fn seen_at(&self) -> SeenAt {
        self.at.1
    }

    /// How long that is ago.
    pub(super) fn age(&self) -> std::time::Duration {
        self.at.0.elapsed()
    }

    /// Events came. Right after a silence they tell of what happened meanwhile, and more may follow: then
    /// they prove nothing.
    pub(super) fn heard(&mut self) {
        if self.age() <= super::feed::SILENT {
            self.at = (Instant::now(), now());
        }
    }

    /// The cluster had come so far. Tells whether the mirror, which is at `applied`, has still to come there.
    pub(super) fn owe(&mut self, mark: Mark, applied: i64) -> bool {
        self.owed = Some(mark);
        // Where the revision may not be known, the member's own word that it told everything must do.
        if mark.revision > 0 {
            self.reach(applied);
        }
        self.owed.is_some()
    }

    /// Everything up to this revision has been told.
    pub(super) fn reach(&mut self, revision: i64) {
        if let Some(mark) = self.owed.take_if(|mark| mark.revision <= revision)
            && mark.at.0 > self.at.0
        {
            self.at = mark.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn silent_for(millis: u64) -> InStep {
        let then = Instant::now().checked_sub(Duration::from_millis(millis)).expect("a machine that is up");
        InStep { at: (then, 1), owed: None }
    }

    #[test]
    fn events_right_after_a_silence_prove_nothing_until_the_mirror_has_come_as_far_as_the_cluster() {
        let mut step = silent_for(6_000);
        step.heard();
        assert_eq!(step.seen_at(), 1, "it may be far behind");
        let asked = (Instant::now(), 7);
        assert!(step.owe(Mark { revision: 20, at: asked }, 12));
        step.reach(19);
        assert_eq!(step.seen_at(), 1);
        step.reach(20);
        assert_eq!(step.seen_at(), 7, "in step when it was asked, not when it was answered");
        step.heard();
        assert!(step.seen_at() > 7, "now events prove it again");
    }

    #[test]
    fn a_mirror_that_has_come_as_far_needs_no_event() {
        let mut step = silent_for(1_000);
        assert!(!step.owe(Mark { revision: 12, at: (Instant::now(), 9) }, 12));
        assert_eq!(step.seen_at(), 9);
    }

    #[test]
    fn an_answer_that_comes_late_takes_nothing_back() {
        let mut step = silent_for(0);
        let long_ago = silent_for(3_000).at;
        assert!(!step.owe(Mark { revision: 12, at: long_ago }, 12));
        assert!(step.age() < Duration::from_secs(3));
    }
}

//! Asks what leases have left, within a small steady budget, so that it can be told why something ended:
//! whether its lease ran out, was revoked, or lives on.
//!
//! A console is left open on production for weeks: it asks [`PER_SECOND`] questions a second at most, and
//! only for leases that are in use and whose last answer has grown old. What ended is asked for first, then
//! those about to end, the leases of holders and leaders, of those who wait for them, and of all others, each in
//! its turn.

mod agenda;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::agenda::{Agenda, Next, Rank, Verdict};
use super::Outbox;
use super::coordination::{Note, Observer};
use super::session::ClusterSlot;
use crate::etcd::{Cluster, LeaseAnswer};
use crate::model::coordination::LeaseInfo;
use crate::model::coordination::cause::LeaseTold;
use crate::model::fault::{Fault, FaultKind};
use crate::model::message::{Event, EventKind, RequestId, SessionId};
use crate::model::status::{SILENT_MS, SeenAt, now};

/// Questions a second, at most.
const PER_SECOND: f64 = 20.0;
/// So many may be asked in one go after a quiet time.
const BURST: f64 = 20.0;
/// Kept free for what ends.
const RESERVE: f64 = 5.0;
/// Questions under way at the same time.
const IN_FLIGHT: usize = 4;
/// Which leases are in use is worked out this often at most, or as often as it costs a twentieth of the time.
const FOLLOW_EVERY: Duration = Duration::from_millis(200);
const FOLLOW_SHARE: u32 = 20;
/// The window hears of answers this often.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// After a question that failed nothing is asked for routine for this long; where the user may not ask, for
/// the second.
const PAUSE: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// The clocks of this machine differ by more only where one of them was set, or the machine slept.
const CLOCK_JUMP_MS: i64 = 500;

/// Where whoever asked for TTLs leaves the answers, and the mirror how it stands. Clones share it.
#[derive(Clone, Default)]
pub(super) struct LeaseDesk {
    shared: Arc<Mutex<Heard>>,
    filled: Arc<Notify>,
}

#[derive(Default)]
struct Heard {
    answers: Vec<LeaseTold>,
    live_since: Option<SeenAt>,
    /// When the mirror was in step last.
    proven_at: Option<SeenAt>,
}

impl LeaseDesk {
    /// These TTLs were just told.
    pub(super) fn heard(&self, leases: &[LeaseInfo]) {
        let answered_at = now();
        self.change(|heard| {
            heard.answers.extend(leases.iter().map(|info| LeaseTold { info: *info, answered_at }));
        });
    }

    /// The mirror tells of everything as it happens (or does not), as of this moment.
    pub(super) fn mirror_is(&self, live: bool, seen_at: SeenAt) {
        self.change(|heard| {
            let silent = heard.proven_at.is_some_and(|proven| (seen_at - proven).abs() > SILENT_MS);
            let since = heard.live_since.filter(|_| !silent).unwrap_or(seen_at);
            heard.live_since = live.then_some(since);
            if !live {
                heard.proven_at = None;
            }
        });
    }

    /// The mirror had told everything at this moment.
    pub(super) fn proven(&self, at: SeenAt) {
        self.change(|heard| heard.proven_at = Some(at));
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner));
        self.filled.notify_one();
    }

    fn take(&self) -> (Vec<LeaseTold>, Option<SeenAt>) {
        let mut heard = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut heard.answers), heard.live_since)
    }
}

/// Looks after the leases of a connection for as long as it lives.
pub(super) async fn look_after(
    session: SessionId,
    mut slot: ClusterSlot,
    observer: Observer,
    desk: LeaseDesk,
    outbox: Outbox,
) {
    let cluster = slot.wait_for(Option::is_some).await.ok().and_then(|cluster| cluster.clone());
    let Some(cluster) = cluster else { return };
    let started = Instant::now();
    let keeper = Keeper {
        session,
        cluster,
        desk,
        outbox,
        agenda: Agenda::default(),
        asked: JoinSet::new(),
        budget: Budget { left: BURST, at: started },
        told: Vec::new(),
        told_at: started,
        clock: (now(), started),
        paused_until: started,
        live_since: None,
        followed: None,
    };
    keeper.run(observer).await;
}

/// Questions that may be asked.
struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    fn refill(&mut self, at: Instant) {
        let passed = at.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * PER_SECOND).min(BURST);
        self.at = at;
    }

    /// Down to which rank it reaches, for what nothing waits for.
    fn reaches(&self) -> Option<Rank> {
        (self.left >= RESERVE).then_some(Rank::Other)
    }
}

type Answer = (i64, Result<LeaseAnswer, Fault>);

struct Keeper {
    session: SessionId,
    cluster: Cluster,
    desk: LeaseDesk,
    outbox: Outbox,
    agenda: Agenda,
    asked: JoinSet<Answer>,
    budget: Budget,
    /// What the window has yet to hear.
    told: Vec<LeaseInfo>,
    told_at: Instant,
    /// A moment on both clocks.
    clock: (SeenAt, Instant),
    paused_until: Instant,
    /// Since when the mirror tells of everything as it happens.
    live_since: Option<SeenAt>,
    /// When it was last worked out which leases are in use, and how long that took.
    followed: Option<(Instant, Duration)>,
}

impl Keeper {
    async fn run(mut self, observer: Observer) {
        let mut picture = observer.picture();
        let mut changed = true;
        let mut unfollowed = true;
        loop {
            self.mind_the_clock();
            let (answers, live_since) = self.desk.take();
            if live_since.is_some() && live_since != self.live_since {
                self.resume();
            }
            self.live_since = live_since;
            let mut verdicts = self.agenda.expire(now());
            for told in answers {
                verdicts.extend(self.agenda.answered(told, now()));
            }
            if std::mem::take(&mut changed) {
                unfollowed = true;
                let picture = picture.borrow_and_update().clone();
                verdicts.extend(self.agenda.endings(&picture, live_since, now()));
            }
            if unfollowed && self.may_follow() {
                unfollowed = false;
                let begun = Instant::now();
                let picture = picture.borrow().clone();
                self.agenda.follow(&picture, now());
                self.followed = Some((begun, begun.elapsed()));
            }
            settle(&observer, verdicts);
            self.ask(live_since.is_some());
            self.tell().await;
            let wait = self.wait(unfollowed);
            tokio::select! {
                news = picture.changed() => match news {
                    Ok(()) => changed = true,
                    Err(_) => return,
                },
                Some(answer) = self.asked.join_next() => match answer {
                    Ok(answer) => settle(&observer, self.answered(answer)),
                    Err(error) => tracing::error!(%error, "a lease was asked for in vain"),
                },
                () = self.desk.filled.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A clock that was set, or a machine that slept: what leases had left says nothing any more.
    fn mind_the_clock(&mut self) {
        let (then, at) = self.clock;
        let passed = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        if (now() - then).abs_diff(passed) > CLOCK_JUMP_MS.unsigned_abs() {
            tracing::debug!("the clock jumped: what leases had left is asked for anew");
            self.agenda.forget(now());
        }
        self.clock = (now(), Instant::now());
    }

    /// The cluster answers again: questions that it has lost, and pauses after failures, hold nothing up.
    fn resume(&mut self) {
        // Those that are under way are dropped, and asked anew.
        self.asked = JoinSet::new();
        self.paused_until = Instant::now();
        self.agenda.resume(now());
    }

    fn may_follow(&self) -> bool {
        self.followed.is_none_or(|(at, took)| at.elapsed() >= FOLLOW_EVERY.max(took * FOLLOW_SHARE))
    }

    /// Asks for what is due, as far as the budget goes.
    fn ask(&mut self, live: bool) {
        let at = Instant::now();
        self.budget.refill(at);
        while self.asked.len() < IN_FLIGHT && self.budget.left >= 1.0 {
            let routine = self.budget.reaches().filter(|_| live && at >= self.paused_until);
            let Some(next) = self.agenda.next(routine, now()) else { return };
            let (Next::Urgent(lease) | Next::Routine(lease, _)) = next;
            self.budget.left -= 1.0;
            let cluster = self.cluster.clone();
            self.asked.spawn(async move { (lease, cluster.lease(lease).await) });
        }
    }

    fn answered(&mut self, (lease, answer): Answer) -> Vec<Verdict> {
        match answer {
            Ok(LeaseAnswer { info, answered_at }) => {
                self.told.push(info);
                self.agenda.answered(LeaseTold { info, answered_at }, now())
            }
            Err(fault) => {
                let denied = matches!(fault.kind, FaultKind::PermissionDenied | FaultKind::Unimplemented);
                tracing::debug!(%fault, "what a lease has left could not be asked");
                self.paused_until = Instant::now() + if denied { PAUSE.1 } else { PAUSE.0 };
                self.agenda.failed(lease, denied, now())
            }
        }
    }

    /// Tells the window what was told, without waking it: whoever looks at leases draws again anyway.
    async fn tell(&mut self) {
        if self.told.is_empty() || self.told_at.elapsed() < TELL_EVERY {
            return;
        }
        self.told_at = Instant::now();
        let kind = EventKind::Leases(Ok(std::mem::take(&mut self.told)));
        let event = Event { session: self.session, request: RequestId(0), kind };
        if !self.outbox.send_quietly(event).await {
            tracing::debug!("the window has gone");
        }
    }

    /// How long nothing has to be done, if nothing happens.
    fn wait(&self, unfollowed: bool) -> Duration {
        let mut wait = TELL_EVERY;
        if unfollowed {
            wait = wait.min(FOLLOW_EVERY);
        }
        if let Some(due) = self.agenda.next_due() {
            let due = Duration::from_millis(u64::try_from(due - now()).unwrap_or(0));
            // Not sooner than the budget grows.
            wait = wait.min(due.max(Duration::from_millis(50)));
        }
        wait
    }
}

fn settle(observer: &Observer, verdicts: Vec<Verdict>) {
    for Verdict { ending, cause } in verdicts {
        observer.note(Note::Settled { key: ending.key.clone(), revision: ending.revision, cause });
    }
}

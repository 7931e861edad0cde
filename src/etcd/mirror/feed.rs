//! The state machine: list, watch, apply; when the stream breaks, find out whether the mirror can be
//! resumed on another member, and list again when it can not.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;

use super::super::access::AccessCheck;
use super::super::cluster::{Cluster, more_telling};
use super::super::fault::needs_the_operator;
use super::super::listing::{ListValues, Listing};
use super::super::member::Member;
use super::anchor::{Anchor, History};
use super::backoff::Backoff;
use super::echo::Echo;
use super::pulse::{InStep, Pulse};
use super::stream::{Signal, Stream, WatchPlan};
use super::teller::Teller;
use super::values::LeasedValues;
use super::{FeedEvent, MirrorOptions, ValuePolicy};
use crate::model::fault::{Fault, FaultKind};
use crate::model::mirror::Mirror;
use crate::model::page::KeyPage;
use crate::model::status::{KeyInterval, MirrorState, now};

/// Two progress periods and a little: a member that is silent for so long is given up.
const SILENCE: Duration = Duration::from_millis(8_500);
/// Events alone prove only that answers come through. Without progress for so long it is found out
/// whether requests do.
const DOUBT: Duration = Duration::from_millis(6_500);
const CHECK: Duration = Duration::from_millis(500);
/// Of a stream on which nothing happens it is asked so often whether that is true.
const PROVE: Duration = Duration::from_millis(700);
/// What comes after so long without a proof may be late.
pub(super) const SILENT: Duration = Duration::from_secs(2);
/// While the watch catches up it is asked for progress so often.
const CATCH_UP: Duration = Duration::from_millis(50);

/// Why a session with a member ended.
enum End {
    /// Nobody listens any more.
    Closed,
    /// It may go on with another member, or later.
    Lost(Fault),
    /// The history is gone: a new listing is needed.
    Relist(Fault),
    /// Only the operator can mend it.
    Hopeless(Fault),
}

/// The mirror's feed.
pub(super) struct Feed {
    cluster: Cluster,
    options: MirrorOptions,
    retry_now: Arc<Notify>,
    teller: Teller,
    anchor: Anchor,
    backoff: Backoff,
    intervals: Vec<KeyInterval>,
    /// The picture can not be resumed.
    must_list: bool,
    /// Losses in a row that only the operator can mend, one for each member tried.
    hopeless: usize,
    /// Members tried in vain since the last wait.
    tried: usize,
    /// Why each member was lost last, since one was live.
    faults: Vec<Option<Fault>>,
    /// The last session was live.
    was_live: bool,
    /// When the member answered something that it was asked.
    proven: Instant,
    in_step: InStep,
}

impl Feed {
    pub(super) fn new(
        cluster: Cluster,
        options: MirrorOptions,
        events: Sender<FeedEvent>,
        retry_now: Arc<Notify>,
    ) -> Self {
        let mirror = Mirror::new(options.separator, options.value_budget_bytes);
        Self {
            cluster,
            options,
            retry_now,
            teller: Teller::new(mirror, events, options.gather),
            anchor: Anchor::default(),
            backoff: Backoff::default(),
            intervals: vec![KeyInterval::everything()],
            must_list: true,
            hopeless: 0,
            tried: 0,
            faults: Vec::new(),
            was_live: false,
            proven: Instant::now(),
            in_step: InStep::now(),
        }
    }

    /// Runs until nobody listens any more.
    pub(super) async fn run(mut self) {
        loop {
            self.was_live = false;
            let end = self.session().await;
            self.teller.mirror.abort_listing();
            self.cluster.set_watching(None);
            let (fault, hopeless) = match end {
                End::Closed => return,
                End::Relist(fault) => {
                    self.must_list = true;
                    (fault, false)
                }
                End::Hopeless(fault) => (fault, true),
                End::Lost(fault) => {
                    let hopeless = self.is_hopeless(&fault);
                    (fault, hopeless)
                }
            };
            let waits = if hopeless {
                self.teller.enter(MirrorState::Failed(fault));
                None
            } else {
                let wait = self.wait_after_loss();
                let retry_at = self.was_live || !wait.is_zero();
                let retry_at = retry_at
                    .then(|| now().saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)));
                let fault = self.most_telling(fault);
                self.teller.enter(MirrorState::Stale { since: self.in_step.seen_at(), fault, retry_at });
                Some(wait)
            };
            if self.wait(waits).await.is_break() {
                return;
            }
        }
    }

    /// What is told of a loss. Members fail one after the other, each in its own way, and the last
    /// is not the one that tells why: that one has no quorum is behind its peers' closed ports.
    fn most_telling(&self, fault: Fault) -> Fault {
        let others = self.faults.iter().flatten().cloned();
        others.fold(Some(fault.clone()), more_telling).unwrap_or(fault)
    }

    /// How long to wait before the next attempt: not at all while there are members that have not
    /// been tried since the last wait.
    fn wait_after_loss(&mut self) -> Duration {
        self.tried = if self.was_live { 1 } else { self.tried + 1 };
        if !self.was_live && self.tried < self.cluster.members().len() {
            return Duration::ZERO;
        }
        self.tried = 0;
        self.backoff.after_loss(Instant::now(), self.was_live)
    }

    /// Whether every member in turn gave a fault that waiting can not mend.
    fn is_hopeless(&mut self, fault: &Fault) -> bool {
        if fault.detail.contains("belongs to another cluster") {
            self.hopeless += 1;
            if self.hopeless >= self.cluster.members().len() {
                // All of them agree: the cluster was replaced, and is mirrored anew.
                self.cluster.adopt(0);
                self.teller.replaced();
                self.must_list = true;
                self.hopeless = 0;
            }
            return false;
        }
        match fault.kind {
            FaultKind::WrongPassword | FaultKind::PermissionDenied => true,
            FaultKind::UserRequired => self.cluster.user().is_none(),
            // What has worked once may well mend itself: certificates are renewed.
            kind if needs_the_operator(kind) && !self.teller.mirror.is_complete() => {
                self.hopeless += 1;
                self.hopeless >= self.cluster.members().len()
            }
            _ => {
                self.hopeless = 0;
                false
            }
        }
    }

    /// Waits before the next attempt (`None`: until the operator asks), telling what is due.
    async fn wait(&mut self, wait: Option<Duration>) -> ControlFlow<()> {
        let until = wait.map(|wait| tokio::time::Instant::now() + wait);
        let retry_now = self.retry_now.clone();
        loop {
            let due = self.teller.due();
            tokio::select! {
                () = self.teller.closed() => return ControlFlow::Break(()),
                () = retry_now.notified() => {
                    self.backoff.reset();
                    self.hopeless = 0;
                    self.cluster.allow_login();
                    for member in self.cluster.members() {
                        member.forget().await;
                    }
                    return ControlFlow::Continue(());
                }
                () = sleep_until(until.map(tokio::time::Instant::into_std)), if until.is_some() => {
                    return ControlFlow::Continue(());
                }
                () = sleep_until(due), if due.is_some() => self.teller.tell_due(),
            }
        }
    }

    /// One session with one member: list or resume, then watch until it breaks.
    async fn session(&mut self) -> End {
        let Some(&index) = self.cluster.order().first() else {
            return End::Hopeless(Fault::new(FaultKind::BadEndpoint, "no endpoint is given"));
        };
        let Some(member) = self.cluster.members().get(index).cloned() else {
            return End::Lost(Fault::new(FaultKind::Other, "no such member"));
        };
        let result = self.session_with(index, &member).await;
        let end = match result {
            Ok(end) => end,
            Err(fault) => End::Lost(fault),
        };
        if let End::Lost(fault) = &end {
            self.faults.resize(self.cluster.members().len(), None);
            self.faults[index] = Some(fault.clone());
            member.blame();
            member.forget().await;
        }
        end
    }

    async fn session_with(&mut self, index: usize, member: &Arc<Member>) -> Result<End, Fault> {
        let handle = member.handle().await?;
        let progress_is_exact = handle.version.as_deref().is_none_or(progress_is_exact);
        let old = handle.version.as_deref().filter(|version| has_known_bugs(version));
        self.cluster.set_old_server(old.map(str::to_owned));
        let resumes =
            !self.must_list && self.teller.mirror.is_complete() && self.history_holds(member).await?;
        let plan = |feed: &Self, applied| WatchPlan {
            intervals: feed.intervals.clone(),
            applied,
            progress_is_exact,
            with_prev: true,
        };
        let stream = if resumes {
            self.teller.enter(MirrorState::CatchingUp);
            // The read before may have renewed the token: a watch with the old one is refused.
            let handle = member.handle().await?;
            Stream::open(handle, plan(self, self.teller.mirror.applied()))
        } else {
            self.must_list = true;
            let listing = self.begin_listing().await?;
            // The watch stands before the listing is read, so that nothing can be compacted away
            // between the two; the member keeps the events until they are asked for.
            let handle = member.handle().await?;
            let stream = Stream::open(handle, plan(self, listing.revision));
            if let Some(end) = self.list(listing).await? {
                return Ok(end);
            }
            stream
        };
        self.cluster.set_watching(Some(index));
        self.teller.tell_notices(&self.cluster);
        self.hopeless = 0;
        let access = AccessCheck::start(member.clone(), self.intervals.clone());
        Ok(self.watch(stream, member, access, progress_is_exact).await)
    }

    /// Whether the member still has the history that was mirrored.
    async fn history_holds(&mut self, member: &Member) -> Result<bool, Fault> {
        let applied = self.teller.mirror.applied();
        match self.anchor.holds(member, &self.intervals, applied).await {
            // What may be read has changed: a new listing finds out what is left.
            Err(fault) if fault.kind == FaultKind::PermissionDenied => Ok(false),
            Ok(History::Replaced) => {
                self.teller.replaced();
                Ok(false)
            }
            Ok(history) => Ok(history == History::Same),
            Err(fault) => Err(fault),
        }
    }

    /// Begins to list what the user may read.
    async fn begin_listing(&mut self) -> Result<Listing, Fault> {
        let values = match self.options.values {
            ValuePolicy::Always => ListValues::Always,
            ValuePolicy::UpToKeys(most) => ListValues::UpToKeys(most),
            ValuePolicy::Never => ListValues::Never,
        };
        let budget = self.options.value_budget_bytes;
        let everything = vec![KeyInterval::everything()];
        let begun = Listing::begin(&self.cluster, &everything, None, values, budget).await;
        let (listing, intervals) = match begun {
            Err(fault) if fault.kind == FaultKind::PermissionDenied && self.cluster.user().is_some() => {
                let granted = self.cluster.granted_intervals().await?;
                (Listing::begin(&self.cluster, &granted, None, values, budget).await?, granted)
            }
            begun => (begun?, everything),
        };
        self.intervals.clone_from(&intervals);
        self.teller.reads(&intervals);
        self.cluster.set_readable(Some(intervals));
        Ok(listing)
    }

    /// Reads the listing into the mirror.
    async fn list(&mut self, mut listing: Listing) -> Result<Option<End>, Fault> {
        self.anchor.reset(listing.cluster_id, listing.raft_term);
        self.teller.mirror.begin_listing(listing.revision);
        let first = std::mem::take(&mut listing.first);
        self.take_page(&first);
        self.teller.enter(MirrorState::Listing {
            loaded: self.teller.mirror.listed().unwrap_or(0),
            total: Some(listing.total),
        });
        loop {
            let due = self.teller.due();
            tokio::select! {
                page = listing.next() => match page {
                    Some(Ok(page)) => {
                        self.take_page(&page);
                        self.teller.listing(listing.total);
                        self.teller.tell_due();
                    }
                    // A tree of mixed revisions must never be: begin anew.
                    Some(Err(fault)) if fault.kind == FaultKind::Compacted => {
                        return Ok(Some(End::Relist(fault)));
                    }
                    Some(Err(fault)) => return Err(fault),
                    None => break,
                },
                () = self.teller.closed() => return Ok(Some(End::Closed)),
                () = sleep_until(due), if due.is_some() => self.teller.tell_due(),
            }
        }
        self.teller.listed();
        self.must_list = false;
        self.teller.enter(MirrorState::CatchingUp);
        Ok(None)
    }

    fn take_page(&mut self, page: &KeyPage) {
        self.anchor.see_listed(page);
        self.teller.mirror.list(page);
    }

    /// Follows the stream until it breaks.
    async fn watch(
        &mut self,
        mut stream: Stream,
        member: &Arc<Member>,
        mut access: AccessCheck,
        progress_is_exact: bool,
    ) -> End {
        let mut heard = Instant::now();
        let mut next_check = heard;
        self.proven = heard;
        let mut echo: Option<Echo> = None;
        let mut pulse: Option<Pulse> = None;
        let mut values: Option<LeasedValues> = None;
        let mut asked_for_values = false;
        loop {
            let due = self.teller.due();
            tokio::select! {
                biased;
                signal = stream.next() => {
                    heard = Instant::now();
                    // What came together is told together.
                    let mut signal = Some(signal);
                    for _ in 0..256 {
                        let Some(taken) = signal else { break };
                        if let ControlFlow::Break(end) = self.take(taken, progress_is_exact) {
                            return end;
                        }
                        signal = stream.try_next();
                    }
                    if let Some(left) = signal
                        && let ControlFlow::Break(end) = self.take(left, progress_is_exact)
                    {
                        return end;
                    }
                }
                () = self.teller.closed() => return End::Closed,
                () = sleep_until(due), if due.is_some() => {}
                () = sleep_until(Some(next_check)) => {}
                value = LeasedValues::next(&mut values), if values.is_some() => match value {
                    Some((key, revision, value)) => {
                        if self.teller.mirror.set_value(&key, revision, value) {
                            self.teller.loaded(key);
                        }
                    }
                    None => values = None,
                },
                answered = Echo::comes(&mut echo), if echo.is_some() => {
                    echo = None;
                    if let Err(fault) = answered {
                        return End::Lost(fault);
                    }
                    self.proven = Instant::now();
                }
                mark = Pulse::comes(&mut pulse), if pulse.is_some() => {
                    pulse = None;
                    if let Some(mark) = mark
                        && self.in_step.owe(mark, self.teller.mirror.applied())
                    {
                        stream.ask_progress();
                    }
                }
            }
            self.teller.prove(self.in_step.seen_at());
            self.teller.tell_due();
            if self.teller.is_closed() {
                return End::Closed;
            }
            let now = Instant::now();
            if now < next_check {
                continue;
            }
            match access.refused() {
                // What may be read has changed: find out what is left, by a new listing.
                Some(fault) if fault.kind == FaultKind::PermissionDenied => return End::Relist(fault),
                Some(fault) => return End::Lost(fault),
                None => {}
            }
            if heard.elapsed() > SILENCE {
                let detail = "the watch has not answered for two periods";
                return End::Lost(Fault::new(FaultKind::TimedOut, detail));
            }
            if self.proven.elapsed() > DOUBT && echo.is_none() {
                echo = Some(Echo::ask(member.clone()));
            }
            if !self.teller.state().is_live() {
                stream.ask_progress();
                next_check = now + CATCH_UP;
            } else {
                next_check = now + CHECK;
                if pulse.is_none() && self.in_step.age() > PROVE {
                    pulse = Some(Pulse::ask(member.clone(), &self.intervals));
                }
                if !asked_for_values {
                    asked_for_values = true;
                    values = LeasedValues::read(&self.cluster, self.teller.mirror.leased_without_value());
                }
            }
        }
    }

    /// Takes what the stream told. Events that are untold when it breaks are kept and told later.
    fn take(&mut self, signal: Signal, progress_is_exact: bool) -> ControlFlow<End> {
        match signal {
            Signal::Created(revision) => {
                // Nothing has happened since: there is nothing to catch up with.
                if revision <= self.teller.mirror.applied() {
                    self.now_live();
                }
            }
            Signal::Revisions(revisions) => {
                for revision in revisions {
                    self.anchor.see(&revision);
                    self.teller.apply(revision);
                }
                self.cluster.saw(self.teller.mirror.applied());
                if self.teller.state().is_live() {
                    self.in_step.heard();
                    self.in_step.reach(self.teller.mirror.applied());
                }
            }
            Signal::Progress(revision) => {
                self.proven = Instant::now();
                // On old servers progress may overtake events: there it only proves life, and where
                // the whole key space is watched every revision must have been told.
                if progress_is_exact {
                    self.teller.mirror.progress(revision);
                } else if self.intervals == [KeyInterval::everything()]
                    && self.teller.mirror.applied() < revision
                {
                    return ControlFlow::Continue(());
                }
                self.in_step.reach(revision);
                self.now_live();
            }
            Signal::Canceled { compacted: true, fault } => return ControlFlow::Break(End::Relist(fault)),
            Signal::Canceled { fault, .. } if fault.kind == FaultKind::PermissionDenied => {
                // What may be read has changed: find out what is left, by a new listing.
                return ControlFlow::Break(End::Relist(fault));
            }
            Signal::Canceled { fault, .. } | Signal::Broken(fault) => {
                return ControlFlow::Break(End::Lost(fault));
            }
        }
        ControlFlow::Continue(())
    }

    fn now_live(&mut self) {
        // Once it is live, the member's word alone proves nothing: it may have been cut off since.
        if !self.teller.state().is_live() {
            self.in_step = InStep::now();
        }
        self.was_live = true;
        self.faults.clear();
        self.teller.enter(MirrorState::Live);
    }
}

async fn sleep_until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

/// Whether a progress answer proves that every event before it has been delivered: fixed in etcd
/// 3.4.25 and 3.5.8.
pub(in crate::etcd) fn progress_is_exact(version: &str) -> bool {
    match numbers(version) {
        Some((3, 4, patch)) => patch >= 25,
        Some((3, 5, patch)) => patch >= 8,
        Some((major, minor, _)) => (major, minor) > (3, 5),
        None => false,
    }
}

/// Versions with known bugs of watches or data.
fn has_known_bugs(version: &str) -> bool {
    !progress_is_exact(version)
}

fn numbers(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.split(['.', '-', '+']).map_while(|part| part.parse().ok());
    Some((parts.next()?, parts.next()?, parts.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_whose_progress_overtakes_events_are_known() {
        for version in ["3.4.23", "3.5.0", "3.5.7", "3.3.27", "", "unknown"] {
            assert!(!progress_is_exact(version), "{version}");
        }
        for version in ["3.4.25", "3.5.8", "3.5.30", "3.6.0", "3.7.0-rc.0", "4.0.0"] {
            assert!(progress_is_exact(version), "{version}");
        }
    }
}

//! One watch stream on one member: a watch for each interval, events in whole revisions out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use etcd_client::proto::{PbEvent, PbWatchResponse};
use etcd_client::{WatchOptions, WatchRequestSender, WatchResponseStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::super::fault::{classify, classify_reason, timed_out};
use super::super::member::{CONTACT_TIMEOUT, Handle};
use super::super::read::{meta_of, record_of};
use super::super::task::Task;
use super::assemble::Assembler;
use crate::model::fault::{Fault, FaultKind};
use crate::model::record::{ChangeKind, KeyChange, Revision};
use crate::model::status::KeyInterval;

/// The member is asked for its progress so often.
const PROGRESS_PERIOD: Duration = Duration::from_secs(4);
/// Revisions that wait for another watch are asked about so often.
const HURRY: Duration = Duration::from_millis(15);
/// On servers whose progress may overtake events it is believed only after so long.
const DISTRUST: Duration = Duration::from_millis(500);

/// What the stream tells.
#[derive(Debug)]
pub(in crate::etcd) enum Signal {
    /// All watches stand; the store was at this revision then.
    Created(i64),
    /// Whole revisions, in order.
    Revisions(Vec<Revision>),
    /// Everything up to this revision has been told (if the server can be trusted in that).
    Progress(i64),
    /// A watch was refused or ended by the server. `compacted`: its next revision is gone.
    Canceled { compacted: bool, fault: Fault },
    /// The stream broke.
    Broken(Fault),
}

/// What to watch.
#[derive(Clone, Debug)]
pub(in crate::etcd) struct WatchPlan {
    pub intervals: Vec<KeyInterval>,
    /// Everything up to here is known.
    pub applied: i64,
    /// Progress never overtakes events (etcd 3.4.25, 3.5.8 and later).
    pub progress_is_exact: bool,
    /// Each change brings what the key was before, which costs the server a read each.
    pub with_prev: bool,
}

/// A stream under way. Dropping it ends it.
pub(in crate::etcd) struct Stream {
    signals: Receiver<Signal>,
    hurry: Sender<()>,
    task: Option<Task<()>>,
}

impl Stream {
    /// Opens the stream; its signals tell whether it could be.
    pub(in crate::etcd) fn open(handle: Handle, plan: WatchPlan) -> Self {
        // The bound holds the member back while a listing is being read: it keeps the events.
        let (sender, signals) = channel(32);
        let (hurry, hurried) = channel(1);
        let task = Task::spawn(async move {
            if let Err(fault) = run(handle, plan, &sender, hurried).await {
                // Whoever listened is gone if this can not be told.
                let _told = sender.send(Signal::Broken(fault)).await;
            }
        });
        Self { signals, hurry, task: Some(task) }
    }

    /// The next signal.
    pub(in crate::etcd) async fn next(&mut self) -> Signal {
        if let Some(signal) = self.signals.recv().await {
            return signal;
        }
        let ended = match self.task.take() {
            // A panic inside the protocol's client must not take the session down.
            Some(task) => task.join().await.err().map(|error| error.to_string()),
            None => None,
        };
        let detail = ended.unwrap_or_else(|| "the watch has ended".to_owned());
        Signal::Broken(Fault::new(FaultKind::Unavailable, detail))
    }

    /// The next signal, if it is here already.
    pub(in crate::etcd) fn try_next(&mut self) -> Option<Signal> {
        self.signals.try_recv().ok()
    }

    /// Asks for progress now instead of at the next period.
    pub(in crate::etcd) fn ask_progress(&self) {
        // When one is waiting already, that one is enough.
        let _asked = self.hurry.try_send(());
    }
}

fn options(interval: &KeyInterval, watch: usize, plan: &WatchPlan) -> (Vec<u8>, WatchOptions) {
    let key = if interval.start.is_empty() { vec![0] } else { interval.start.clone() };
    let end = interval.end.clone().unwrap_or_else(|| vec![0]);
    let options = WatchOptions::new()
        .with_range(end)
        // One earlier than needed: a watch that starts in the future does not answer for its
        // progress until the future has come. The event is dropped as known.
        .with_start_revision(plan.applied)
        .with_watch_id(i64::try_from(watch).unwrap_or(0) + 1)
        .with_progress_notify()
        .with_fragment();
    (key, if plan.with_prev { options.with_prev_key() } else { options })
}

async fn run(
    mut handle: Handle,
    plan: WatchPlan,
    signals: &Sender<Signal>,
    mut hurried: Receiver<()>,
) -> Result<(), Fault> {
    let (mut requests, mut responses) = open(&mut handle, &plan).await?;
    let mut tracker = Tracker::new(&plan);
    let mut period = tokio::time::interval(PROGRESS_PERIOD);
    let mut asked = Instant::now();
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asks = tokio::select! {
            message = responses.message() => {
                let message = message.map_err(|error| classify(&error))?;
                let Some(message) = message else {
                    return Err(Fault::new(FaultKind::Unavailable, "the member ended the watch"));
                };
                for signal in tracker.take(message.0)? {
                    let last = matches!(signal, Signal::Canceled { .. });
                    if signals.send(signal).await.is_err() || last {
                        return Ok(());
                    }
                }
                tracker.is_waiting() && asked.elapsed() >= HURRY
            }
            _ = period.tick() => true,
            _ = hurried.recv() => true,
            () = tokio::time::sleep(HURRY), if tracker.is_waiting() => {
                let revisions = tracker.believe();
                if !revisions.is_empty() && signals.send(Signal::Revisions(revisions)).await.is_err() {
                    return Ok(());
                }
                tracker.is_waiting()
            }
        };
        if asks {
            asked = Instant::now();
            requests.request_progress().await.map_err(|error| classify(&error))?;
        }
    }
}

async fn open(
    handle: &mut Handle,
    plan: &WatchPlan,
) -> Result<(WatchRequestSender, WatchResponseStream), Fault> {
    let mut intervals = plan.intervals.iter().enumerate();
    let Some((first, interval)) = intervals.next() else {
        return Err(Fault::new(FaultKind::PermissionDenied, "there is nothing to watch"));
    };
    let (key, watch) = options(interval, first, plan);
    let opened = tokio::time::timeout(CONTACT_TIMEOUT, handle.watch.watch(key, Some(watch))).await;
    let stream =
        opened.map_err(|_| timed_out("the watch was not answered"))?.map_err(|error| classify(&error))?;
    let (mut requests, responses) = stream.split();
    for (index, interval) in intervals {
        let (key, watch) = options(interval, index, plan);
        requests.watch(key, Some(watch)).await.map_err(|error| classify(&error))?;
    }
    Ok((requests, responses))
}

/// Follows what the watches of a stream have told.
struct Tracker {
    assembler: Assembler,
    watches: usize,
    created: usize,
    exact: bool,
    /// Progress not yet believed, with the time it came.
    doubted: VecDeque<(Instant, i64)>,
}

impl Tracker {
    fn new(plan: &WatchPlan) -> Self {
        Self {
            assembler: Assembler::new(plan.intervals.len(), plan.applied),
            watches: plan.intervals.len(),
            created: 0,
            exact: plan.progress_is_exact,
            doubted: VecDeque::new(),
        }
    }

    fn is_waiting(&self) -> bool {
        self.assembler.is_waiting()
    }

    /// The revisions that progress of some time ago completes.
    fn believe(&mut self) -> Vec<Revision> {
        let mut revisions = Vec::new();
        while let Some((when, revision)) = self.doubted.front().copied()
            && when.elapsed() >= DISTRUST
        {
            self.doubted.pop_front();
            revisions.extend(self.assembler.progress(revision));
        }
        revisions
    }

    fn take(&mut self, response: PbWatchResponse) -> Result<Vec<Signal>, Fault> {
        if response.canceled {
            let compacted = response.compact_revision > 0;
            let fault = if compacted {
                Fault::new(FaultKind::Compacted, response.cancel_reason)
            } else {
                classify_reason(&response.cancel_reason)
            };
            return Ok(vec![Signal::Canceled { compacted, fault }]);
        }
        if response.created {
            // Its header has the store's revision, which promises nothing about delivery.
            self.created += 1;
            let revision = response.header.map_or(i64::MAX, |header| header.revision);
            let all = self.created == self.watches;
            return Ok(if all { vec![Signal::Created(revision)] } else { Vec::new() });
        }
        let watch = usize::try_from(response.watch_id - 1).ok();
        if response.events.is_empty() && !response.fragment {
            return Ok(self.take_progress(watch, response.header.map_or(0, |header| header.revision)));
        }
        let Some(watch) = watch.filter(|watch| *watch < self.watches) else {
            return Ok(Vec::new());
        };
        let events = response.events.into_iter().map(change_of).collect::<Result<Vec<_>, _>>()?;
        let revisions = self.assembler.events(watch, events, response.fragment);
        if self.assembler.was_late() {
            let detail = "the member told an event after it had said that there was none";
            return Ok(vec![Signal::Canceled {
                compacted: true,
                fault: Fault::new(FaultKind::Unavailable, detail),
            }]);
        }
        Ok(if revisions.is_empty() { Vec::new() } else { vec![Signal::Revisions(revisions)] })
    }

    /// Progress of one watch, or (−1) of all that share the stream.
    fn take_progress(&mut self, watch: Option<usize>, revision: i64) -> Vec<Signal> {
        let revisions = match watch {
            _ if !self.exact => {
                if self.assembler.is_waiting() {
                    self.doubted.push_back((Instant::now(), revision));
                }
                Vec::new()
            }
            Some(watch) => self.assembler.progress_of(watch, revision),
            None => self.assembler.progress(revision),
        };
        let mut signals = Vec::new();
        if !revisions.is_empty() {
            signals.push(Signal::Revisions(revisions));
        }
        if watch.is_none() || self.watches == 1 {
            signals.push(Signal::Progress(revision));
        }
        signals
    }
}

/// A protocol event with its revision.
fn change_of(event: PbEvent) -> Result<(i64, KeyChange), Fault> {
    const PUT: i32 = 0;
    const DELETE: i32 = 1;
    let unexpected = |what: &str| Fault::new(FaultKind::Other, format!("unexpected event: {what}"));
    let kv = event.kv.ok_or_else(|| unexpected("without a key"))?;
    let revision = kv.mod_revision;
    let kind = match event.r#type {
        PUT => ChangeKind::Put { meta: meta_of(&kv), value: kv.value.into() },
        DELETE => ChangeKind::Delete,
        other => return Err(unexpected(&format!("type {other}"))),
    };
    let prev = event.prev_kv.map(|kv| record_of(kv, true));
    Ok((revision, KeyChange { key: kv.key.into(), kind, prev }))
}

//! What is in the feed: news, handovers of locks, leaders of the cluster itself and gaps in what was seen, as one
//! row of entries; sorted out by what they are about.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::bytes::Key;
use crate::model::coordination::raft::{RaftEnd, RaftHistory, RaftTerm, Reign};
use crate::model::coordination::{EndCause, Endings, MOST_HANDOVERS, News, NewsKind};
use crate::model::leadership::Leader;
use crate::model::session::Session;
use crate::model::status::SeenAt;

/// Handovers of the last so many milliseconds are counted.
const LATELY_MS: i64 = 60_000;

/// What an entry is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Anything.
    #[default]
    All,
    /// Instances that came and went.
    Services,
    /// Elections.
    Leaders,
    /// Locks and deadlocks.
    Locks,
    /// What ended because its lease did.
    Leases,
    /// The cluster itself, and what was not seen of it.
    Cluster,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] =
        [Self::All, Self::Services, Self::Leaders, Self::Locks, Self::Leases, Self::Cluster];
}

/// Who leads the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// This member.
    Member(String),
    /// Nobody.
    Nobody,
    /// No member answers.
    NoAnswer,
}

/// The leader of the cluster changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftChange {
    /// The term.
    pub term: u64,
    /// Who led before, where anybody was seen to.
    pub from: Option<String>,
    /// What was seen of them when their time was over.
    pub end: Option<RaftEnd>,
    /// Who leads.
    pub to: Leads,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// News of services, elections and locks.
    News(Arc<News>),
    /// The cluster itself.
    Raft(RaftChange),
    /// Changes between these revisions were not seen.
    Gap {
        /// The last that was seen before.
        after: i64,
        /// The first that was seen again.
        to: i64,
    },
}

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When it was seen.
    pub at: SeenAt,
    /// Tells it from all others.
    pub id: (u8, u64),
    /// What happened.
    pub what: What,
}

impl Entry {
    fn is_about(&self, topic: Topic) -> bool {
        let own = match &self.what {
            What::News(news) => match news.kind {
                NewsKind::Instance { .. } => Topic::Services,
                NewsKind::Leader { .. } => Topic::Leaders,
                NewsKind::Holder { .. } | NewsKind::Deadlock { .. } | NewsKind::DeadlockOver { .. } => {
                    Topic::Locks
                }
            },
            What::Raft(_) | What::Gap { .. } => Topic::Cluster,
        };
        topic == Topic::All || topic == own || (topic == Topic::Leases && self.ended_by_lease())
    }

    fn ended_by_lease(&self) -> bool {
        matches!(self.cause(), Some(EndCause::Expired | EndCause::Revoked | EndCause::RevokedHere))
    }

    fn cause(&self) -> Option<EndCause> {
        let What::News(news) = &self.what else { return None };
        match &news.kind {
            NewsKind::Instance { cause, .. }
            | NewsKind::Leader { cause, .. }
            | NewsKind::Holder { cause, .. } => *cause,
            NewsKind::Deadlock { .. } | NewsKind::DeadlockOver { .. } => None,
        }
    }

    /// Whether a lock went on as locks do: from one to another, or was taken or given back. A holder whose lease
    /// expired has crashed: that is told by itself.
    fn is_folded(&self) -> bool {
        let What::News(news) = &self.what else { return false };
        matches!(news.kind, NewsKind::Holder { .. }) && self.cause() != Some(EndCause::Expired)
    }

    /// The lock that went from one holder to another, if this is that.
    fn handed_over(&self) -> Option<&Key> {
        let What::News(news) = &self.what else { return None };
        match &news.kind {
            NewsKind::Holder { lock, from: Some(_), to: Some(_), .. } => Some(lock),
            _ => None,
        }
    }
}

/// What happened to locks and is not told one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// All that is known.
    pub all: usize,
    /// Handovers from one holder to another in the last minute, or in the shorter time that is known.
    pub lately: usize,
    /// So many locks they were of.
    pub locks: usize,
    /// In that time locks were taken that nobody held, or given back to nobody, so often.
    pub others: usize,
    /// That time, in seconds.
    pub secs: i64,
    /// When the last of them was.
    pub last: SeenAt,
}

/// What the feed is of: it is gathered anew where that is another. The picture itself is not kept: whoever is the
/// last to hold one has to free it.
#[derive(Clone, Debug, Default)]
struct Source {
    news: [(usize, Option<u64>); 2],
    /// Of these it becomes known why something ended.
    endings: Endings,
    raft: (usize, SeenAt),
    gaps: (usize, SeenAt),
}

impl Source {
    fn of(session: &Session) -> Self {
        let raft = &session.raft.terms;
        let gaps = || session.activity.gaps();
        let picture = &session.coordination;
        Self {
            news: [
                (picture.news.len(), picture.news.back().map(|news| news.serial)),
                (picture.handovers.len(), picture.handovers.back().map(|news| news.serial)),
            ],
            endings: picture.endings.clone(),
            raft: (raft.len(), raft.back().map_or(0, |term| term.at)),
            gaps: (gaps().count(), gaps().next_back().map_or(0, |gap| gap.seen_at)),
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.news == other.news
            && self.raft == other.raft
            && self.gaps == other.gaps
            && self.endings.ptr_eq(&other.endings)
    }
}

/// The entries of a connection.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    of: Option<Source>,
    /// What the entries were sorted out by last.
    by: Option<(Topic, bool)>,
    /// Those that are shown, oldest first.
    all: Vec<Entry>,
    /// Those that are known by now, while they wait to be shown.
    waiting: Option<Vec<Entry>>,
    /// How many of these would be listed that are not yet.
    new: usize,
    /// Those that are listed, as places among all, newest first.
    listed: Vec<usize>,
    /// How many each topic would list.
    counts: [usize; Topic::ALL.len()],
    folded: (SeenAt, Folded),
}

impl Entries {
    /// How many more would be listed if they did not wait; `None`: none wait.
    #[must_use]
    pub fn waiting(&self) -> Option<usize> {
        self.waiting.as_ref().map(|_| self.new)
    }

    /// Gathers the entries, where anything happened. `handovers`: these are told one by one. `wait`: the lines
    /// stay as they are; what is counted goes on.
    pub fn update(&mut self, session: &Session, topic: Topic, handovers: bool, wait: bool) {
        let of = Source::of(session);
        let asked = self.by != Some((topic, handovers));
        let wait = wait && !asked && self.of.is_some();
        let fresh = self.of.as_ref().is_some_and(|before| before.is(&of));
        if !fresh {
            self.waiting = Some(gather(session));
            self.of = Some(of);
        }
        let shown = if wait { None } else { self.waiting.take() };
        let relisted = shown.is_some() || asked;
        if let Some(shown) = shown {
            self.all = shown;
        }
        if fresh && !relisted {
            return;
        }
        self.by = Some((topic, handovers));
        let told = |entry: &&Entry| handovers || !entry.is_folded();
        let known = self.waiting.as_ref().unwrap_or(&self.all);
        self.counts =
            Topic::ALL.map(|one| known.iter().filter(told).filter(|entry| entry.is_about(one)).count());
        let shown: HashSet<(u8, u64)> = match &self.waiting {
            Some(_) => self.all.iter().map(|entry| entry.id).collect(),
            None => HashSet::new(),
        };
        let waiting = self.waiting.iter().flatten().filter(told);
        self.new = waiting.filter(|entry| entry.is_about(topic) && !shown.contains(&entry.id)).count();
        if relisted {
            let places = self.all.iter().enumerate().rev();
            let listed = places.filter(|(_, entry)| told(entry) && entry.is_about(topic));
            self.listed = listed.map(|(at, _)| at).collect();
        }
        self.folded.0 = SeenAt::MIN;
    }

    /// How many are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.listed.len()
    }

    /// The nth that is listed.
    #[must_use]
    pub fn get(&self, nth: usize) -> Option<&Entry> {
        self.all.get(*self.listed.get(nth)?)
    }

    /// How many a topic would list.
    #[must_use]
    pub fn count(&self, topic: Topic) -> usize {
        let at = Topic::ALL.iter().position(|one| *one == topic);
        at.and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }

    /// The handovers, counted once a second.
    pub fn folded(&mut self, now: SeenAt) -> Folded {
        if !(self.folded.0..self.folded.0.saturating_add(1_000)).contains(&now) {
            self.folded = (now, folded(self.waiting.as_ref().unwrap_or(&self.all), now));
        }
        self.folded.1
    }
}

fn folded(all: &[Entry], now: SeenAt) -> Folded {
    let handovers = || all.iter().filter(|entry| entry.is_folded());
    let count = handovers().count();
    let mut found = Folded { all: count, secs: LATELY_MS / 1_000, ..Folded::default() };
    found.last = handovers().next_back().map_or(0, |entry| entry.at);
    let mut locks = HashSet::new();
    for entry in handovers().rev().take_while(|entry| entry.at > now - LATELY_MS) {
        match entry.handed_over() {
            Some(lock) => {
                found.lately += 1;
                locks.insert(lock);
            }
            None => found.others += 1,
        }
    }
    found.locks = locks.len();
    // Of more than are kept, only the last are known.
    let first = handovers().next().map_or(now, |entry| entry.at);
    if count + 50 >= MOST_HANDOVERS && first > now - LATELY_MS {
        found.secs = ((now - first) / 1_000).max(1);
    }
    found
}

fn gather(session: &Session) -> Vec<Entry> {
    let picture = &session.coordination;
    let entry = |kind: u8| {
        move |news: &Arc<News>| Entry { at: news.at, id: (kind, news.serial), what: What::News(news.clone()) }
    };
    let mut all: Vec<Entry> = picture.news.iter().map(entry(0)).collect();
    all.extend(picture.handovers.iter().map(entry(1)));
    all.extend(raft_changes(&session.raft).into_iter().map(|(at, id, change)| Entry {
        at,
        id: (2, id),
        what: What::Raft(change),
    }));
    all.extend(session.activity.gaps().map(|gap| Entry {
        at: gap.seen_at,
        id: (3, u64::try_from(gap.to).unwrap_or(0)),
        what: What::Gap { after: gap.after, to: gap.to },
    }));
    all.sort_by_key(|entry| entry.at);
    all
}

/// The changes of the cluster's leader. The first that was seen leads since before it was watched.
fn raft_changes(raft: &RaftHistory) -> Vec<(SeenAt, u64, RaftChange)> {
    let mut changes = Vec::new();
    let mut before: Option<&RaftTerm> = None;
    let mut leaderless = false;
    for (at, term) in raft.terms.iter().enumerate() {
        let Reign::Seen(leader) = term.reign else { continue };
        let to = match leader {
            Leader::Member(_) => Leads::Member(term.name.clone()),
            Leader::Nobody => Leads::Nobody,
            Leader::Unreachable => Leads::NoAnswer,
            Leader::Withheld => continue,
        };
        let led = matches!(to, Leads::Member(_));
        let same = led
            && !leaderless
            && before.is_some_and(|it| it.leader() == term.leader() && it.term == term.term);
        if at > 0 && !same {
            let from = before.map(|term| term.name.clone());
            let end = before.and_then(|term| term.end);
            let id = u64::try_from(term.at).unwrap_or(0);
            changes.push((term.at, id, RaftChange { term: term.term, from, end, to }));
        }
        leaderless = !led;
        if led {
            before = Some(term);
        }
    }
    changes
}

#[cfg(test)]
mod tests;

//! What a line says of a service, worked out once for each picture of it. Services are persistent: one whose
//! `Arc` is the same has not changed, so an event costs the service that it touches. Health depends on the
//! clock as well: each summary knows until when it holds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::model::coordination::{
    Breaker, Health, Instance, InstanceCounts, InstanceEvent, Service, Services, Standing,
};
use crate::model::message::SessionId;
pub(super) use crate::model::overview::FLAPPING;
use crate::model::overview::ServiceFilter;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::ui::beside::free;

/// Events of the last so many milliseconds are "lately".
pub(super) const LATELY_MS: i64 = 10 * 60_000;
/// So many instances are looked at in a frame; the others are in the next ones.
const BUDGET: usize = 4_000;

/// How old a report may be, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heartbeat {
    late_secs: u32,
    down_secs: u32,
    /// What of the time since a report is not held against an instance, in milliseconds.
    spared_ms: i64,
}

impl Heartbeat {
    pub(super) fn of(session: &Session, now: SeenAt) -> Self {
        let settings = &session.profile.coordination;
        let (late_secs, down_secs) = (settings.late_secs, settings.down_secs);
        Self { late_secs, down_secs, spared_ms: session.spared_ms(now) }
    }

    /// As of when it is judged which instance is late.
    pub(super) fn judged_at(self, now: SeenAt) -> SeenAt {
        now - self.spared_ms
    }

    pub(super) fn health(self, instance: &Instance, now: SeenAt) -> Health {
        instance.health(self.judged_at(now), self.late_secs, self.down_secs)
    }

    /// How an instance is, going by the age of its report alone.
    pub(super) fn of_age(self, age_ms: i64) -> Health {
        match age_ms - self.spared_ms {
            age if age > i64::from(self.down_secs) * 1_000 => Health::Down,
            age if age > i64::from(self.late_secs) * 1_000 => Health::Late,
            _ => Health::Up,
        }
    }

    /// When the age of its report alone will change how an instance is.
    fn turns(self, instance: &Instance, now: SeenAt) -> SeenAt {
        let Some(seen_at) = instance.report.as_ref().and_then(|report| report.seen_at) else {
            return SeenAt::MAX;
        };
        let turns = [self.late_secs, self.down_secs]
            .map(|secs| seen_at + self.spared_ms + i64::from(secs) * 1_000 + 1);
        turns.into_iter().filter(|at| *at > now).min().unwrap_or(SeenAt::MAX)
    }
}

/// What is wrong with a service, the worst first: the order of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// All instances are gone, and the last did not leave by itself.
    Lost,
    /// All instances are down.
    Down,
    /// Some instances are down.
    SomeDown,
    /// Some reports are late.
    SomeLate,
    /// No instance serves yet.
    Starting,
    /// An instance comes and goes.
    Flapping,
    /// A circuit breaker is open.
    Breaker,
    /// Nothing.
    #[default]
    None,
    /// Nothing is known of any instance but its registration, which proves nothing.
    Unknown,
    /// All instances have left.
    Gone,
}

impl Trouble {
    pub(super) fn is_problem(self) -> bool {
        self < Self::None
    }
}

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub counts: InstanceCounts,
    /// The version that most instances run, and how many others there are.
    pub version: Option<(String, usize)>,
    /// Instances that come and go.
    pub flapping: u32,
    /// Instances whose circuit breaker is open or half open.
    pub breakers: u32,
    /// Instances labelled as canaries.
    pub canaries: u32,
    /// Comings and goings lately.
    pub events: u32,
    pub trouble: Trouble,
}

impl Summary {
    /// Whether this filter lets it pass.
    pub(super) fn passes(&self, filter: ServiceFilter) -> bool {
        match filter {
            ServiceFilter::All => true,
            ServiceFilter::Problems => self.trouble.is_problem(),
            ServiceFilter::Down => matches!(self.trouble, Trouble::Lost | Trouble::Down),
            ServiceFilter::Degraded => {
                matches!(self.trouble, Trouble::SomeDown | Trouble::SomeLate | Trouble::Starting)
            }
            ServiceFilter::Flapping => self.flapping > 0,
            ServiceFilter::Breakers => self.breakers > 0,
            ServiceFilter::Unknown => self.trouble == Trouble::Unknown,
        }
    }

    /// What a service is like at this moment, and until when that holds. `before`: what it was like, where only
    /// the clock has moved since.
    fn of(service: &Service, heartbeat: Heartbeat, now: SeenAt, before: Option<&Self>) -> (Self, SeenAt) {
        let mut summary = Self::default();
        let mut until = SeenAt::MAX;
        summary.version = match before {
            Some(before) => before.version.clone(),
            None => most_frequent(service),
        };
        for instance in service.instances.values() {
            summary.counts.add(heartbeat.health(instance, now));
            until = until.min(heartbeat.turns(instance, now));
            summary.flapping += u32::from(instance.flaps >= FLAPPING);
            let breaker = instance.report.as_ref().and_then(|report| report.breaker);
            summary.breakers += u32::from(breaker.is_some_and(|breaker| breaker != Breaker::Closed));
            summary.canaries += u32::from(instance.label.as_deref() == Some("canary"));
        }
        let (events, ends) = lately(&service.past, now);
        summary.events = events;
        summary.trouble = trouble(service, &summary);
        (summary, until.min(ends))
    }
}

/// The version that most instances run, and how many others there are.
fn most_frequent(service: &Service) -> Option<(String, usize)> {
    let instances = service.instances.values();
    let mut versions: Vec<&str> = instances.filter_map(|instance| instance.version.as_deref()).collect();
    versions.sort_unstable();
    let groups = || versions.chunk_by(|a, b| a == b);
    let most = groups().max_by_key(|group| group.len())?;
    Some(((*most.first()?).to_owned(), groups().count() - 1))
}

fn lately(past: &VecDeque<InstanceEvent>, now: SeenAt) -> (u32, SeenAt) {
    let from = past.partition_point(|event| event.at <= now - LATELY_MS);
    let ends = past.get(from).map_or(SeenAt::MAX, |event| event.at + LATELY_MS);
    (u32::try_from(past.len() - from).unwrap_or(u32::MAX), ends)
}

fn trouble(service: &Service, summary: &Summary) -> Trouble {
    if service.instances.is_empty() {
        return if service.lost_its_instances() { Trouble::Lost } else { Trouble::Gone };
    }
    match (service.standing(&summary.counts), summary) {
        (Standing::Down, _) => Trouble::Down,
        (Standing::Degraded, Summary { counts: InstanceCounts { down: 1.., .. }, .. }) => Trouble::SomeDown,
        (Standing::Degraded, Summary { counts: InstanceCounts { late: 1.., .. }, .. }) => Trouble::SomeLate,
        (Standing::Degraded, _) => Trouble::Starting,
        (_, Summary { flapping: 1.., .. }) => Trouble::Flapping,
        (_, Summary { breakers: 1.., .. }) => Trouble::Breaker,
        (Standing::Unknown, _) => Trouble::Unknown,
        (Standing::Up | Standing::Gone, _) => Trouble::None,
    }
}

/// A service with its summary.
pub(super) struct Row {
    pub service: Arc<Service>,
    /// `None`: not looked at yet.
    pub summary: Option<Summary>,
    /// Another service has the same name: its folder is said with it.
    pub shares_name: bool,
    /// Until when it holds; what is behind is looked at when there is time.
    until: SeenAt,
    /// It is of this very picture of the service: only the clock can have made it another.
    is_of_this: bool,
}

/// Everything in a few numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub services: usize,
    /// Any of them tells a version.
    pub versions: bool,
    pub counts: InstanceCounts,
}

/// The summaries of all services, by folder.
#[derive(Default)]
pub(super) struct Summaries {
    of: Option<(SessionId, Services, Heartbeat)>,
    pub rows: Vec<Row>,
    pub totals: Totals,
    /// Grows whenever something that a line says is another.
    pub version: u64,
    /// Grows whenever services came or went: the places of the rows are others.
    pub places: u64,
    /// Where to go on looking at what is behind.
    next: usize,
    /// The earliest moment at which a summary no longer holds.
    due: SeenAt,
}

impl Summaries {
    /// Takes over what changed and what the clock made of it, within a budget. Whether something is left to
    /// be looked at.
    pub(super) fn update(
        &mut self,
        session: SessionId,
        services: &Services,
        heartbeat: Heartbeat,
        now: SeenAt,
    ) -> bool {
        self.take_over(session, services, heartbeat);
        if now < self.due {
            return false;
        }
        let mut left = BUDGET;
        let mut changed = false;
        for step in 0..self.rows.len() {
            let at = (self.next + step) % self.rows.len();
            let row = &mut self.rows[at];
            if now < row.until {
                continue;
            }
            if left == 0 {
                self.next = at;
                if changed {
                    self.count();
                }
                return true;
            }
            left = left.saturating_sub(row.service.instances.len().max(1));
            changed |= row.look(heartbeat, now);
        }
        self.due = self.rows.iter().map(|row| row.until).min().unwrap_or(SeenAt::MAX);
        if changed {
            self.count();
        }
        false
    }

    /// Brings one service up to date, whatever the budget: one that is in sight.
    pub(super) fn look(&mut self, at: usize, now: SeenAt) {
        let Some((_, _, heartbeat)) = self.of else { return };
        if let Some(row) = self.rows.get_mut(at).filter(|row| now >= row.until) {
            row.look(heartbeat, now);
        }
    }

    /// When something will be another by the clock alone.
    pub(super) fn due(&self) -> SeenAt {
        self.due
    }

    /// The place of a service.
    pub(super) fn position(&self, folder: &[u8]) -> Option<usize> {
        self.rows.binary_search_by(|row| (*row.service.folder).cmp(folder)).ok()
    }

    fn take_over(&mut self, session: SessionId, services: &Services, heartbeat: Heartbeat) {
        let same = |of: &(SessionId, Services, Heartbeat)| of.0 == session && of.2 == heartbeat;
        let kept = self.of.as_ref().is_some_and(same);
        if kept && self.of.as_ref().is_some_and(|(_, before, _)| before.ptr_eq(services)) {
            return;
        }
        let before = std::mem::take(&mut self.rows);
        let count = before.len();
        let mut before = before.into_iter().filter(|_| kept).peekable();
        let mut changed = !kept || count != services.len();
        // What is no longer shown: whoever is the last to hold it frees all of it.
        let mut gone = Vec::new();
        self.rows.reserve(services.len());
        for (folder, service) in services {
            // Nearly always: nothing of it is looked at then, which would cost more than all else here.
            if let Some(row) = before.next_if(|row| Arc::ptr_eq(&row.service, service)) {
                self.rows.push(row);
                continue;
            }
            while before.peek().is_some_and(|row| row.service.folder < *folder) {
                changed = true;
                gone.extend(before.next().map(|row| row.service));
            }
            let known = before.next_if(|row| row.service.folder == *folder);
            self.rows.push(match known {
                Some(row) if Arc::ptr_eq(&row.service, service) => row,
                // What was known stays until it has been looked at again.
                Some(row) => {
                    gone.push(row.service);
                    Row { shares_name: row.shares_name, ..Row::new(service.clone(), row.summary) }
                }
                None => {
                    changed = true;
                    Row::new(service.clone(), None)
                }
            });
        }
        self.due = self.rows.iter().map(|row| row.until).min().unwrap_or(SeenAt::MAX);
        gone.extend(before.map(|row| row.service));
        let overtaken = self.of.replace((session, services.clone(), heartbeat));
        free((gone, overtaken));
        if changed {
            self.places += 1;
            self.tell_apart();
            self.count();
        }
    }

    /// Finds the services that share their name with another.
    fn tell_apart(&mut self) {
        let mut names: HashMap<&str, u32> = HashMap::new();
        for row in &self.rows {
            *names.entry(&row.service.name).or_default() += 1;
        }
        let shared: Vec<bool> = self.rows.iter().map(|row| names[row.service.name.as_str()] > 1).collect();
        for (row, shared) in self.rows.iter_mut().zip(shared) {
            row.shares_name = shared;
        }
    }

    fn count(&mut self) {
        self.version += 1;
        let mut totals = Totals { services: self.rows.len(), ..Totals::default() };
        for summary in self.rows.iter().filter_map(|row| row.summary.as_ref()) {
            totals.versions |= summary.version.is_some();
            totals.counts.add_all(&summary.counts);
        }
        self.totals = totals;
    }
}

impl Row {
    fn new(service: Arc<Service>, summary: Option<Summary>) -> Self {
        Self { service, summary, shares_name: false, until: SeenAt::MIN, is_of_this: false }
    }

    /// Whether what it says is another.
    fn look(&mut self, heartbeat: Heartbeat, now: SeenAt) -> bool {
        let before = self.summary.as_ref().filter(|_| self.is_of_this);
        let (summary, until) = Summary::of(&self.service, heartbeat, now, before);
        self.until = until;
        self.is_of_this = true;
        let changed = self.summary.as_ref() != Some(&summary);
        self.summary = Some(summary);
        changed
    }
}

//! What the tiles say.

use std::sync::Arc;

use egui::{Sense, Ui, vec2};
use rust_i18n::t;

use super::Knowledge;
use super::layout::{GAP, Plan, TILES};
use super::tile::{Line, Picture, Tile};
use super::trend::{Point, Trend};
use crate::action::{Action, Actions};
use crate::model::coordination::{ClaimKind, ClaimQueue, EndCause, InstanceCounts, Standing};
use crate::model::key_text::display_short;
use crate::model::leadership::Leader;
use crate::model::overview::{ServiceFilter, Sums, Unwell};
use crate::model::session::{Screen, Session};
use crate::model::status::{AlarmsTold, SeenAt};
use crate::model::world::World;
use crate::ui::coordination::{cause_words, lease_text, owner_or_lease};
use crate::ui::elections::raft::{asked_long_ago, leader_words};
use crate::ui::theme::icons;
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::{bytes_text, clock_text, count_text, duration_text, relative_text};

/// Names of keys are cut to so many signs.
const NAME: usize = 80;
/// Longer names are told by their last segments.
const SHORT: usize = 24;
/// The rate is an average over so many seconds.
const RATE_SECS: usize = 5;

/// What is looked at.
pub struct View<'a> {
    /// Everything.
    pub world: &'a World,
    /// The connection.
    pub session: &'a Session,
    /// The sums.
    pub sums: &'a Sums,
    /// What they were over time.
    pub trend: &'a Trend,
    /// How true they are.
    pub knowledge: Knowledge,
}

impl View<'_> {
    /// Up to when it is known what happened: of what is not seen nothing grows older.
    fn until(&self) -> SeenAt {
        self.session.known_until(self.world.now)
    }
}

/// Draws them.
pub fn show(ui: &mut Ui, view: &View<'_>, plan: &Plan, actions: &mut Actions) {
    let (_, room) = ui.allocate_space(vec2(ui.available_width(), plan.height()));
    let tiles: [Tile; TILES] =
        [services(view), locks(view), leaders(view), leases(view), events(view), cluster(view)];
    for (nth, tile) in tiles.iter().enumerate() {
        // What the members tell does not come from the watch.
        let asked = asked_long_ago(view.session, view.world.now);
        let members = match (&view.knowledge, asked) {
            (_, Some(at)) => Knowledge::AsOf(clock_text(at, view.world.now)),
            (_, None) => Knowledge::Current,
        };
        let knowledge = if nth == TILES - 1 { &members } else { &view.knowledge };
        tile.show(ui, plan.place(room, nth), plan.lines, knowledge, actions);
    }
    ui.allocate_exact_size(vec2(ui.available_width(), GAP), Sense::hover());
}

fn number(count: usize) -> String {
    count_text(count as u64)
}

/// A key's name in little room: what tells it apart is its end, as many segments of it as fit.
fn name(view: &View<'_>, key: &[u8]) -> String {
    let whole = display_short(key, NAME);
    if whole.chars().count() <= SHORT {
        return whole.into_owned();
    }
    let separator = char::from(view.session.keyspace.separator());
    let ends = whole.match_indices(separator).map(|(at, _)| &whole[at..]).filter(|end| end.len() > 1);
    let ends: Vec<&str> = ends.collect();
    let fitting = ends.iter().find(|end| end.chars().count() < SHORT).or(ends.last());
    fitting.map_or_else(|| whole.to_string(), |end| format!("…{end}"))
}

/// A course over time, where anything was ever above 0.
fn course(view: &View<'_>, of: fn(&Point) -> f32, tone: Tone, words: &str) -> Picture {
    let Some(course) = view.trend.course(of).filter(|course| course.highest > 0.0) else {
        return Picture::None;
    };
    let now = view.world.now;
    let words = t!(
        words,
        since = clock_text(course.since, now),
        count = count_text(course.highest as u64),
        time = clock_text(course.highest_at, now)
    );
    Picture::Course(course.values, tone, words.into_owned())
}

fn services(view: &View<'_>) -> Tile {
    let sums = &view.sums.services;
    let services = &sums.services;
    let degraded = || t!("overview.services.degraded", count = number(services.degraded));
    let down = || t!("overview.services.down", count = number(services.down));
    let (tone, state) = match (services.all(), services.down, services.degraded) {
        (0, ..) => (Tone::Plain, String::new()),
        (_, 1.., 0) => (Tone::Danger, down().into_owned()),
        (_, 1.., 1..) => (Tone::Danger, format!("{}, {}", down(), degraded())),
        (_, 0, 1..) => (Tone::Changed, degraded().into_owned()),
        (all, 0, 0) if services.unknown == all => {
            (Tone::Plain, t!("overview.services.unproven").into_owned())
        }
        (_, 0, 0) if services.unknown > 0 => {
            (Tone::Live, t!("overview.services.unknown", count = number(services.unknown)).into_owned())
        }
        (_, 0, 0) => (Tone::Live, t!("overview.services.all_up").into_owned()),
    };
    let first = Line::fact(match services.all() {
        0 => t!("overview.services.none").into_owned(),
        _ => instances(&sums.instances),
    });
    // The list of services has these as well.
    let emptied = || t!("overview.services.emptied", count = number(services.emptied));
    let mut lines = vec![if services.emptied > 0 { first.aside(emptied()) } else { first }];
    lines.extend(sums.worst.iter().map(unwell));
    if sums.flapping > 0 {
        let words = t!("overview.services.flapping", count = number(sums.flapping));
        let line = Line::state(Tone::Changed, words).leads(Action::ShowServices(ServiceFilter::Flapping));
        lines.insert(lines.len().min(2), line);
    }
    let bad = services.down + services.degraded;
    let only = if bad > 0 { ServiceFilter::Problems } else { ServiceFilter::All };
    let parts = [
        (services.up, Tone::Live),
        (services.unknown, Tone::Plain),
        (services.degraded, Tone::Changed),
        (services.down, Tone::Danger),
    ];
    Tile {
        icon: icons::PLUGS_CONNECTED,
        title: t!("overview.services.title").into_owned(),
        number: if services.all() == 0 {
            "0".to_owned()
        } else {
            format!("{}/{}", number(services.up), number(services.all()))
        },
        unit: t!("overview.services.unit").into_owned(),
        tone,
        state,
        lines,
        picture: course(view, |point| point.bad, Tone::Changed, "overview.services.course"),
        parts: if services.all() == 0 { Vec::new() } else { parts.to_vec() },
        hint: t!("overview.services.hint").into_owned(),
        leads: Action::ShowServices(only),
    }
}

/// `49,981 of 50,000 instances up, 12 late, 7 down`.
fn instances(counts: &InstanceCounts) -> String {
    let mut words = vec![match counts.all() {
        0 => t!("services.no_instances"),
        1 if counts.up == 1 => t!("overview.services.instance"),
        1 => t!("overview.services.instance_of", up = number(counts.up)),
        all if all == counts.up => t!("overview.services.instances", count = number(all)),
        all => t!("overview.services.instances_of", up = number(counts.up), all = number(all)),
    }];
    let others = [
        (counts.late, "overview.services.late"),
        (counts.down, "overview.services.down"),
        (counts.starting, "overview.services.starting"),
        (counts.unknown, "overview.services.unknown"),
    ];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    words.extend(others.map(|(count, name)| t!(name, count = number(count))));
    words.join(&t!("services.comma"))
}

fn unwell(service: &Unwell) -> Line {
    let instances = &service.instances;
    let all = number(instances.all());
    let (tone, aside) = match (instances.all(), service.standing) {
        (0, _) => (Tone::Danger, t!("overview.services.gone")),
        (1, Standing::Down) => (Tone::Danger, t!("overview.services.one_down")),
        (_, Standing::Down) => (Tone::Danger, t!("overview.services.all_down", all = all)),
        (_, _) => (Tone::Changed, t!("overview.services.up_of", up = number(instances.up), all = all)),
    };
    Line::state(tone, service.name.clone()).aside(aside).leads(Action::ShowService(service.folder.clone()))
}

fn locks(view: &View<'_>) -> Tile {
    let sums = &view.sums.locks;
    let mut lines = Vec::new();
    if let Some(first) = sums.deadlocked.first() {
        let locks: Vec<String> = sums.deadlocked.iter().map(|lock| name(view, lock)).collect();
        let words = t!("overview.locks.deadlock", locks = locks.join(" → "));
        lines.push(Line::state(Tone::Danger, words).leads(Action::ShowQueue(ClaimKind::Lock, first.clone())));
    }
    if let Some((since, lock)) = &sums.longest {
        let waits = duration_text((view.until() - since).max(0) / 1_000);
        let words = t!("overview.locks.longest", lock = name(view, lock));
        lines.push(
            Line::state(Tone::Waiting, words)
                .aside(waits)
                .leads(Action::ShowQueue(ClaimKind::Lock, lock.clone())),
        );
    }
    if sums.unknown_waits > 0 {
        lines.push(Line::fact(t!("overview.locks.unknown", count = number(sums.unknown_waits))));
    }
    lines.push(Line::fact(t!(
        "overview.locks.counts",
        held = number(sums.held),
        waiting = number(sums.waiting)
    )));
    let (tone, state) = match (sums.deadlocks, sums.contended) {
        (1, _) => (Tone::Danger, t!("overview.locks.one_deadlock").into_owned()),
        (many @ 2.., _) => (Tone::Danger, t!("overview.locks.deadlocks", count = number(many)).into_owned()),
        (0, 1..) => (Tone::Waiting, t!("overview.locks.no_deadlock").into_owned()),
        (0, 0) if sums.held == 0 => (Tone::Plain, String::new()),
        (0, 0) => (Tone::Live, t!("overview.locks.free").into_owned()),
    };
    Tile {
        icon: icons::LOCK,
        title: t!("overview.locks.title").into_owned(),
        number: number(sums.contended),
        unit: t!("overview.locks.unit").into_owned(),
        tone,
        state,
        lines,
        picture: course(view, |point| point.waiting, Tone::Waiting, "overview.locks.course"),
        parts: Vec::new(),
        hint: t!("overview.locks.hint").into_owned(),
        leads: Action::ShowScreen(Screen::Locks),
    }
}

fn leaders(view: &View<'_>) -> Tile {
    let sums = &view.sums.elections;
    let rules = &view.session.profile.coordination;
    let now = view.world.now;
    let from = now - i64::from(rules.alert_minutes) * 60_000;
    let raft = view.session.raft.changes_since(from);
    let mut lines = Vec::new();
    for election in &sums.leaderless {
        lines.push(
            Line::state(Tone::Danger, name(view, election))
                .aside(t!("overview.leaders.nobody"))
                .leads(Action::ShowQueue(ClaimKind::Election, election.clone())),
        );
    }
    if raft > 0 {
        let words = t!("overview.leaders.raft", count = number(raft));
        let tone = if rules.is_alert(raft) { Tone::Danger } else { Tone::Changed };
        let since = view.session.raft.since().map(|since| relative_text(since, now));
        lines.push(Line::state(tone, words).aside(since.unwrap_or_default()).leads(Action::ShowRaft));
    }
    lines.extend(sums.changed.iter().map(|queue| changed(view, queue, sums.alerts.contains(&queue.name))));
    if sums.changed.is_empty() && raft == 0 {
        lines.push(Line::fact(t!("overview.leaders.none")));
    }
    lines.push(Line::fact(t!("overview.leaders.led", count = number(sums.led))));
    let alerts = sums.alerts.len() + usize::from(rules.is_alert(raft));
    let changes = sums.changes + raft;
    let (tone, state) = match (sums.leaderless.len(), alerts) {
        (missing @ 1.., _) => {
            (Tone::Danger, t!("overview.leaders.missing", count = number(missing)).into_owned())
        }
        (0, often @ 1..) => (Tone::Danger, t!("overview.leaders.often", count = number(often)).into_owned()),
        (0, 0) if changes > 0 => (Tone::Accent, t!("overview.leaders.changed").into_owned()),
        (0, 0) if sums.led == 0 => (Tone::Plain, String::new()),
        (0, 0) => (Tone::Live, t!("overview.leaders.calm").into_owned()),
    };
    Tile {
        icon: icons::CROWN_SIMPLE,
        title: t!("overview.leaders.title").into_owned(),
        number: number(changes),
        unit: t!("overview.leaders.unit", minutes = rules.alert_minutes).into_owned(),
        tone,
        state,
        lines,
        picture: Picture::None,
        parts: Vec::new(),
        hint: t!("overview.leaders.hint").into_owned(),
        leads: Action::ShowScreen(Screen::Elections),
    }
}

/// An election whose leader changed lately: which, to whom, when, and how the term before ended.
fn changed(view: &View<'_>, queue: &Arc<ClaimQueue>, alert: bool) -> Line {
    let leader =
        queue.holder().map_or_else(|| t!("overview.leaders.nobody").into_owned(), |it| owner_or_lease(it));
    let aside = queue.past.back().map_or_else(String::new, |last| {
        let when = relative_text(last.until, view.world.now);
        let how = match last.cause {
            EndCause::Released => t!("elections.resigned"),
            cause => cause_words(cause),
        };
        t!("overview.leaders.how", when = when, how = how).into_owned()
    });
    let words = t!("overview.leaders.to", election = name(view, &queue.name), leader = leader);
    let tone = if alert { Tone::Danger } else { Tone::Accent };
    Line::state(tone, words).aside(aside).leads(Action::ShowQueue(ClaimKind::Election, queue.name.clone()))
}

fn leases(view: &View<'_>) -> Tile {
    let sums = &view.sums.leases;
    let now = view.until();
    let mut lines = Vec::new();
    if let Some((ends, lease)) = sums.next {
        let left = duration_text((ends - now).max(0) / 1_000);
        let words = t!("overview.leases.next", lease = lease_text(lease));
        let tone = if sums.soon > 0 { Tone::Changed } else { Tone::Plain };
        lines.push(Line::state(tone, words).aside(left).leads(Action::ShowLease(lease)));
    }
    let (known, all) = (number(sums.known), number(sums.all));
    if sums.known < sums.all {
        lines.push(Line::fact(t!("overview.leases.known", known = known, all = all)));
    }
    lines.push(Line::fact(t!("overview.leases.all", count = all)));
    // That one is renewed is seen of none: all that is known is what it had left.
    let (tone, state) = match (sums.below_half, sums.known) {
        (1.., _) if sums.soon > 0 => (Tone::Changed, t!("overview.leases.missed").into_owned()),
        (1.., _) => (Tone::Plain, t!("overview.leases.missed").into_owned()),
        (0, 0) => (Tone::Plain, String::new()),
        (0, some) if some == sums.all => (Tone::Live, t!("overview.leases.calm").into_owned()),
        (0, some) if some.saturating_mul(2) < sums.all => {
            (Tone::Plain, t!("overview.leases.few", known = known, all = all).into_owned())
        }
        (0, _) => (Tone::Live, t!("overview.leases.calm_of", known = known, all = all).into_owned()),
    };
    // Of none that was asked nothing is known: 0 would be a claim.
    let told = sums.known > 0 || sums.all == 0;
    Tile {
        icon: icons::TIMER,
        title: t!("overview.leases.title").into_owned(),
        number: if told { number(sums.below_half) } else { "–".to_owned() },
        unit: t!("overview.leases.unit").into_owned(),
        tone,
        state,
        lines,
        picture: Picture::None,
        parts: Vec::new(),
        hint: t!("overview.leases.hint").into_owned(),
        leads: Action::ShowScreen(Screen::Leases),
    }
}

fn events(view: &View<'_>) -> Tile {
    let series = view.session.activity.rate(view.world.now);
    let minute: u64 = series.iter().map(|count| u64::from(*count)).sum();
    let most = series.iter().copied().max().unwrap_or(0);
    let whole = series.iter().rev().skip(1).take(RATE_SECS).map(|count| u64::from(*count)).sum::<u64>();
    // Of a time that is not seen 0 would be a claim.
    let seen = view.knowledge == Knowledge::Current;
    let mut lines = Vec::new();
    if seen {
        lines.push(Line::fact(t!("overview.events.minute", count = count_text(minute))));
        lines.push(Line::fact(t!("overview.events.most", count = count_text(u64::from(most)))));
    }
    if let Some(gap) = view.session.activity.gaps().next_back() {
        let words = t!("overview.events.gap", time = clock_text(gap.seen_at, view.world.now));
        lines.insert(0, Line::state(Tone::Changed, words));
    }
    lines.push(Line::fact(t!("overview.events.revision", revision = view.session.applied)));
    Tile {
        icon: icons::PULSE,
        title: t!("overview.events.title").into_owned(),
        number: if seen { count_text(whole.div_ceil(RATE_SECS as u64)) } else { "–".to_owned() },
        unit: t!("overview.events.unit").into_owned(),
        tone: Tone::Plain,
        state: String::new(),
        lines,
        picture: if seen { Picture::Rate(series) } else { Picture::None },
        parts: Vec::new(),
        hint: t!("overview.events.hint").into_owned(),
        leads: Action::ShowScreen(Screen::Keys),
    }
}

fn cluster(view: &View<'_>) -> Tile {
    let cluster = &view.session.cluster;
    let all = cluster.members.len();
    let up = cluster.members.iter().filter(|member| member.fault.is_none()).count();
    let leadership = cluster.leadership().unwrap_or_default();
    let leaderless = matches!(leadership.leader, Leader::Nobody | Leader::Unreachable);
    let mut lines = Vec::new();
    for (alarm, member) in &cluster.alarms {
        let words = t!("overview.cluster.alarm", alarm = alarm, member = cluster.member_name(*member));
        lines.push(Line::state(Tone::Danger, words));
    }
    match cluster.alarms_told {
        AlarmsTold::Told => {}
        AlarmsTold::Unknown if all == 0 => {}
        AlarmsTold::Unknown => lines.push(Line::state(Tone::Changed, t!("overview.cluster.alarms_unknown"))),
        AlarmsTold::Refused => lines.push(Line::fact(t!("overview.cluster.alarms_refused"))),
    }
    if all > 0 {
        let tone = if leaderless { Tone::Danger } else { Tone::Live };
        let mut line = Line::state(tone, t!("overview.cluster.leader", name = leader_words(&leadership)));
        if leadership.term > 0 {
            line = line.aside(t!("elections.raft.term", term = leadership.term));
        }
        lines.push(line.leads(Action::ShowRaft));
    }
    for member in cluster.members.iter().filter(|member| member.fault.is_some()) {
        lines.push(Line::state(Tone::Danger, member.called()).aside(t!("elections.raft.no_answer")));
    }
    if !leadership.dissent.is_empty() {
        lines.push(Line::state(Tone::Changed, t!("elections.raft.disagree")).leads(Action::ShowRaft));
    }
    lines.extend(facts(view));
    let (tone, state) = match (all, cluster.alarms.len()) {
        (0, _) => (Tone::Plain, String::new()),
        (_, alarms @ 1..) => {
            (Tone::Danger, t!("overview.cluster.alarms", count = number(alarms)).into_owned())
        }
        (_, 0) if leaderless => (Tone::Danger, t!("overview.cluster.no_leader").into_owned()),
        (_, 0) if up * 2 <= all => {
            (Tone::Danger, t!("overview.cluster.down", count = number(all - up)).into_owned())
        }
        (_, 0) if up < all => {
            (Tone::Changed, t!("overview.cluster.down", count = number(all - up)).into_owned())
        }
        (_, 0) if !leadership.dissent.is_empty() => {
            (Tone::Changed, t!("overview.cluster.dissent").into_owned())
        }
        (_, 0) if cluster.alarms_told == AlarmsTold::Unknown => {
            (Tone::Changed, t!("overview.cluster.alarms_unknown").into_owned())
        }
        (_, 0) => (Tone::Live, t!("overview.cluster.healthy").into_owned()),
    };
    Tile {
        icon: icons::HARD_DRIVES,
        title: t!("overview.cluster.title").into_owned(),
        number: if all == 0 { "–".to_owned() } else { format!("{}/{}", number(up), number(all)) },
        unit: t!("overview.cluster.unit").into_owned(),
        tone,
        state,
        lines,
        picture: Picture::None,
        parts: Vec::new(),
        hint: t!("overview.cluster.hint").into_owned(),
        leads: Action::ShowScreen(Screen::Cluster),
    }
}

/// Lag and size, of the members that tell.
fn facts(view: &View<'_>) -> Vec<Line> {
    let telling = || view.session.cluster.members.iter().filter(|member| member.tells());
    let mut lines = Vec::new();
    let indexes = || telling().map(|member| member.raft_index);
    if let (Some(highest), Some(lowest)) = (indexes().max(), indexes().min()) {
        let entries = count_text(highest - lowest);
        lines.push(
            Line::fact(t!("overview.cluster.lag")).aside(t!("elections.raft.entries", count = entries)),
        );
    }
    if let Some(bytes) = telling().map(|member| member.db_size_bytes).max() {
        let size = bytes_text(u64::try_from(bytes).unwrap_or(0));
        lines.push(Line::fact(t!("overview.cluster.size")).aside(size));
    }
    lines
}

//! Who led the cluster itself: the leader, terms over the time watched, and how far members are behind.

use egui::{
    CornerRadius, Frame, Label, Layout, Margin, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::terms::{self, End, Span, Term, TermsState, Watched, since_words};
use crate::action::{Action, Actions};
use crate::model::coordination::raft::{Lag, MOST_LAGS, RaftEnd, RaftHistory, Reign};
use crate::model::leadership::{Dissent, Leader, Leadership};
use crate::model::session::{Screen, Session};
use crate::model::status::{MemberStatus, SeenAt};
use crate::model::world::World;
use crate::ui::coordination::large_card;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::chip::{Tone, chip, dot};
use crate::ui::widgets::notice::{card, fault_words};
use crate::ui::widgets::term_strip::BlockLook;
use crate::ui::widgets::{Button, clock_text, count_text, elided, section_header};

/// Height of a member's line.
const LINE: f32 = 32.0;
/// Width of the small picture of its lag.
const SPARK: f32 = 84.0;
/// It shows so many milliseconds.
const LAGS_MS: f32 = 600_000.0;
/// Statuses older than this, in milliseconds, are said to be of then.
const OLD_MS: i64 = 20_000;

/// Who leads, in a word or two.
#[must_use]
pub fn leader_words(leadership: &Leadership) -> String {
    match leadership.leader {
        Leader::Member(_) => leadership.name.clone(),
        leader => leaderless_words(leader),
    }
}

fn leaderless_words(leader: Leader) -> String {
    match leader {
        Leader::Nobody | Leader::Member(_) => t!("elections.raft.nobody").into_owned(),
        Leader::Withheld => t!("elections.raft.withheld").into_owned(),
        Leader::Unreachable => t!("elections.raft.unreachable").into_owned(),
    }
}

/// Draws it as one of the elections.
pub fn detail(ui: &mut Ui, world: &World, session: &Session, state: &mut TermsState, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.add_space(3.0);
    ui.label(tokens.title(t!("elections.cluster")));
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width() - 12.0);
        ui.add(Label::new(tokens.meta(t!("elections.raft.hint"))).wrap());
    });
    ui.add_space(size::PAD);
    ScrollArea::vertical().id_salt("raft detail").auto_shrink([false, false]).show(ui, |ui| {
        Frame::new().inner_margin(Margin { right: 12, bottom: 12, ..Margin::ZERO }).show(ui, |ui| {
            leader(ui, world, session, actions);
            section(ui, world, session, state);
        });
    });
}

/// The leader, large.
fn leader(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let leadership = session.cluster.leadership().unwrap_or_default();
    large_card(ui, |ui| {
        ui.horizontal(|ui| {
            let (tone, words) = match leadership.leader {
                Leader::Member(_) => (Tone::Live, t!("elections.leader")),
                Leader::Withheld => (Tone::Plain, t!("elections.raft.not_known")),
                Leader::Nobody => (Tone::Danger, t!("elections.nobody")),
                Leader::Unreachable => (Tone::Danger, t!("elections.raft.not_known")),
            };
            chip(ui, tone, &words);
            ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
                if matches!(leadership.leader, Leader::Member(_)) {
                    let since = session.raft.since();
                    let words = since_words(since, &t!("elections.before_seen"), world.now);
                    ui.add(Label::new(tokens.meta(words)).truncate());
                }
            });
        });
        ui.add_space(size::GRID);
        ui.add(Label::new(tokens.number(leader_words(&leadership))).truncate().selectable(true));
        ui.add_space(size::GRID);
        ui.horizontal_wrapped(|ui| {
            if leadership.term > 0 {
                ui.label(tokens.mono_meta(t!("elections.raft.term", term = leadership.term)));
            }
            if leadership.leader.id().is_some() && !leadership.told_by_itself {
                ui.label(tokens.meta(t!("elections.raft.by_followers")));
            }
            let age = world.now - session.raft.seen_at;
            if session.raft.seen_at != 0 && age > OLD_MS {
                let time = clock_text(session.raft.seen_at, world.now);
                ui.label(tokens.meta(t!("elections.raft.as_of", time = time)));
            }
        });
        ui.add_space(size::GRID);
        let words = t!("elections.raft.show_cluster");
        if Button::quiet(&words).icon(icons::HARD_DRIVES).small().show(ui).clicked() {
            actions.push(Action::ShowScreen(Screen::Cluster));
        }
    });
    ui.add_space(size::PAD);
    dissent(ui, &leadership);
}

/// Members that tell something else.
pub fn dissent(ui: &mut Ui, leadership: &Leadership) {
    if leadership.dissent.is_empty() {
        return;
    }
    let tokens = theme::tokens(ui);
    card(ui, Tone::Changed, icons::WARNING, |ui| {
        ui.add(Label::new(tokens.strong(t!("elections.raft.disagree"))).wrap());
        for dissent in &leadership.dissent {
            ui.add(Label::new(tokens.secondary(dissent_words(dissent))).wrap());
        }
    });
    ui.add_space(size::PAD);
}

fn dissent_words(dissent: &Dissent) -> String {
    let (member, term) = (&dissent.member, dissent.term);
    match &dissent.leader {
        Some(leader) => t!("elections.raft.believes", member = member, term = term, leader = leader),
        None if term == 0 => t!("elections.raft.knows_none_now", member = member),
        None => t!("elections.raft.knows_none", member = member, term = term),
    }
    .into_owned()
}

/// The timeline, the members' lag and the list of terms: for this screen and that of the cluster.
pub fn section(ui: &mut Ui, world: &World, session: &Session, state: &mut TermsState) {
    state.colours_of(session.id, None);
    let raft = &session.raft;
    let terms = terms_of(raft, state);
    let watched = watched(raft, world.now);
    if !terms.is_empty() {
        terms::strip(ui, &terms, watched, Span::Hour, state);
    }
    members(ui, session);
    ui.add_space(size::PAD);
    terms::list(ui, &terms, watched, state);
}

/// Members are asked every few seconds: up to now nothing else is known than what they said last.
fn watched(raft: &RaftHistory, now: SeenAt) -> Watched {
    let known_until = if now - raft.seen_at <= OLD_MS { now } else { raft.seen_at.min(now) };
    let since = raft.terms.front().map_or(now, |first| first.at.min(now));
    Watched { since, known_until, now }
}

fn terms_of(raft: &RaftHistory, state: &mut TermsState) -> Vec<Term> {
    let mut terms = Vec::with_capacity(raft.terms.len());
    let mut below = 0;
    for (nth, term) in raft.terms.iter().enumerate() {
        let until = raft.terms.get(nth + 1).map(|next| next.at);
        let (who, look) = match term.reign {
            Reign::Seen(Leader::Member(_)) => (term.name.clone(), BlockLook::Of(state.colour(0, &term.name))),
            Reign::Seen(Leader::Nobody) => (leaderless_words(Leader::Nobody), BlockLook::Nobody),
            Reign::Seen(leader) => (leaderless_words(leader), BlockLook::Unknown),
            Reign::NotAsked => (t!("elections.raft.not_asked").into_owned(), BlockLook::Unknown),
        };
        terms.push(Term {
            who,
            look,
            // The first one was there before anybody looked.
            from: (nth > 0).then_some(term.at),
            until,
            end: term.end.map(end_of),
            note: note(term.term, below),
        });
        if term.term > 0 {
            below = term.term;
        }
    }
    terms
}

/// The Raft term, and those between that nobody saw.
fn note(term: u64, below: u64) -> String {
    if term == 0 {
        return String::new();
    }
    let words = t!("elections.raft.term", term = term);
    if below > 0 && term > below + 1 {
        let unseen = t!("elections.raft.unseen", count = term - below - 1);
        return format!("{words}, {unseen}");
    }
    words.into_owned()
}

fn end_of(end: RaftEnd) -> End {
    let (icon, tone, words, hint) = match end {
        RaftEnd::Silent => (
            icons::LINK_BREAK,
            Tone::Danger,
            t!("elections.raft.end.silent"),
            t!("elections.raft.end.silent_hint"),
        ),
        RaftEnd::Answers => (
            icons::SWAP,
            Tone::Plain,
            t!("elections.raft.end.answers"),
            t!("elections.raft.end.answers_hint"),
        ),
        RaftEnd::NotAsked => (
            icons::QUESTION,
            Tone::Plain,
            t!("elections.raft.end.not_asked"),
            t!("elections.raft.end.not_asked_hint"),
        ),
    };
    End { icon, tone, words: words.into_owned(), hint: hint.into_owned() }
}

/// How far each member is behind, now and over the last minutes.
pub fn members(ui: &mut Ui, session: &Session) {
    let members = &session.cluster.members;
    let tokens = theme::tokens(ui);
    section_header(ui, &t!("elections.raft.lag"), |ui| {
        ui.label(tokens.hint(count_text(members.len() as u64)));
    });
    let leader = session.cluster.leadership().and_then(|leadership| leadership.leader.id());
    for member in members {
        let lags = session.raft.lags.get(&member.id);
        let newest = lags.and_then(|lags| lags.back()).filter(|_| member.tells());
        let (_, rect) = ui.allocate_space(vec2(ui.available_width(), LINE));
        let response = ui.interact(rect, ui.scope_id().with(("lag", &member.endpoint)), Sense::hover());
        let (tone, role) = role_of(member, leader);
        let behind = behind(member, newest);
        response.widget_info(|| {
            let label = t!("elections.raft.member", name = member.called(), role = role, behind = behind);
            WidgetInfo::labeled(Role::ListItem, true, label)
        });
        let y = rect.center().y;
        dot(ui, pos2(rect.left() + 6.0, y), tone);
        let spark = Rect::from_min_size(pos2(rect.right() - SPARK - size::PAD, y - 9.0), vec2(SPARK, 18.0));
        if let Some(lags) = lags {
            sparkline(ui, spark, session.raft.seen_at, lags.iter());
        }
        let colour = if tone == Tone::Danger { tokens.danger } else { tokens.second };
        let words = elided(ui.painter(), behind, text::mono_small(), colour, rect.width() * 0.4);
        let at = pos2(spark.left() - size::GROUP - words.size().x, y - words.size().y / 2.0);
        let room = at.x - size::PAD - rect.left() - 20.0;
        ui.painter().galley(at, words, colour);
        let name = format!("{}  {role}", member.called());
        let name = elided(ui.painter(), name, text::medium(), tokens.text, room);
        ui.painter().galley(pos2(rect.left() + 20.0, y - name.size().y / 2.0), name, tokens.text);
        response.on_hover_ui(|ui| {
            ui.label(tokens.strong(member.called()));
            ui.label(tokens.meta(t!("elections.raft.lag_hint")));
        });
    }
}

fn role_of(member: &MemberStatus, leader: Option<u64>) -> (Tone, String) {
    if let Some(fault) = &member.fault {
        return (Tone::Danger, fault_words(fault));
    }
    let (tone, words) = match (leader == Some(member.id) && member.id != 0, member.is_learner) {
        (true, _) => (Tone::Live, t!("cluster.role.leader")),
        (false, true) => (Tone::Waiting, t!("cluster.role.learner")),
        (false, false) => (Tone::Plain, t!("cluster.role.follower")),
    };
    (tone, words.into_owned())
}

fn behind(member: &MemberStatus, newest: Option<&Lag>) -> String {
    match newest {
        Some(Lag { entries: 1, .. }) => t!("elections.raft.entry").into_owned(),
        Some(lag) => t!("elections.raft.entries", count = count_text(lag.entries)).into_owned(),
        None if member.fault.is_some() => t!("elections.raft.no_answer").into_owned(),
        None => t!("elections.raft.not_known").into_owned(),
    }
}

/// A lag over the last minutes; the highest of it fills the height, and a lag of nothing lies on the ground.
fn sparkline<'a>(ui: &Ui, rect: Rect, now: SeenAt, lags: impl Iterator<Item = &'a Lag> + Clone) {
    let tokens = theme::tokens(ui);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
    let most = lags.clone().map(|lag| lag.entries).max().unwrap_or(0).max(10) as f32;
    let wide = (rect.width() / MOST_LAGS as f32).max(1.5);
    for lag in lags.filter(|lag| lag.entries > 0) {
        let age = (now - lag.at).max(0) as f32 / LAGS_MS;
        let x = rect.right() - age * rect.width() - wide;
        if x < rect.left() {
            continue;
        }
        let height = (lag.entries as f32 / most).sqrt() * (rect.height() - 1.0);
        let bar = Rect::from_min_max(pos2(x, rect.bottom() - height.max(1.5)), pos2(x + wide, rect.bottom()));
        ui.painter().rect_filled(bar, CornerRadius::ZERO, tokens.accent.gamma_multiply(0.8));
    }
}

/// When the members were asked last, where that is long ago.
#[must_use]
pub fn asked_long_ago(session: &Session, now: SeenAt) -> Option<SeenAt> {
    let seen_at = session.raft.seen_at;
    (seen_at != 0 && now - seen_at > OLD_MS).then_some(seen_at)
}

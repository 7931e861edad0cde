//! What happened last: one line each, newest first; each leads to what it is about. It can be sorted out by what
//! it is about, and locks that go from hand to hand, as they do all the time, are one line together.

mod entries;
mod look;

use std::time::Duration;

use egui::{CornerRadius, Id, Pos2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use self::entries::{Entries, Entry, Folded, Topic, What};
use self::look::look;
use crate::action::Actions;
use crate::model::message::SessionId;
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::world::World;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::filter_chips::{FilterChip, filter_chips};
use crate::ui::widgets::{VirtualList, clock_text, count_text, duration_text, elided, link, relative_text};

/// Room of the time of day, and of how long ago that was.
const TIME: f32 = 76.0;
const AGO: f32 = 84.0;
/// Narrower feeds leave out how long ago it was.
const ROOM_FOR_AGO: f32 = 560.0;
/// Lines do not move below a pointer that was moved so lately, in milliseconds.
const POINTED_MS: i64 = 4_000;
/// A pointer that trembles by less than this, in points, rests.
const TREMBLES: f32 = 1.5;

/// What the feed keeps between frames.
#[derive(Default)]
pub struct FeedState {
    session: SessionId,
    topic: Topic,
    /// Handovers of locks are told one by one.
    handovers: bool,
    entries: Entries,
    /// Where the pointer was last seen to move to over the lines, and when.
    pointed: Option<(Pos2, SeenAt)>,
    /// The frame that it was drawn in last.
    drawn: u64,
}

impl FeedState {
    /// Whether the pointer has just moved over the lines.
    fn waits(&mut self, ui: &Ui, now: SeenAt) -> bool {
        let frame = ui.ctx().cumulative_frame_nr();
        // Who comes back to this screen wants to see what happened.
        if frame.saturating_sub(std::mem::replace(&mut self.drawn, frame)) > 1 {
            self.pointed = None;
        }
        self.pointed.is_some_and(|(_, moved_at)| (0..POINTED_MS).contains(&(now - moved_at)))
    }

    /// Notes where the pointer is.
    fn point(&mut self, ui: &Ui, lines: Rect, now: SeenAt) {
        let at = ui.input(|input| input.pointer.latest_pos()).filter(|_| ui.rect_contains_pointer(lines));
        self.pointed = at.map(|at| match self.pointed {
            Some((before, moved_at)) if before.distance(at) < TREMBLES => (before, moved_at),
            _ => (at, now),
        });
    }
}

/// Draws it into all the room that is left.
pub fn show(ui: &mut Ui, world: &World, session: &Session, state: &mut FeedState, actions: &mut Actions) {
    if state.session != session.id {
        *state = FeedState { session: session.id, ..FeedState::default() };
    }
    let waits = state.waits(ui, world.now);
    state.entries.update(session, state.topic, state.handovers, waits);
    header(ui, state);
    handovers(ui, world, session, state);
    if state.entries.len() == 0 {
        nothing(ui, world, session, state);
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = theme::row_height(&world.settings) + 2.0;
    let room = ui.available_rect_before_wrap();
    state.point(ui, room, world.now);
    let entries = &state.entries;
    let list = VirtualList::new(Id::unique(("news", session.id, state.topic)), entries.len(), height);
    list.show(ui, |ui, sight, places| {
        for at in sight {
            if let Some(entry) = entries.get(at) {
                row(ui, world, entry, places.rect(at), actions);
            }
        }
    });
}

/// What it is, and what it is sorted out by.
fn header(ui: &mut Ui, state: &mut FeedState) {
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(size::BAR);
        ui.spacing_mut().item_spacing.x = size::PAD;
        ui.label(tokens.meta(t!("overview.feed.title")));
        let chips = Topic::ALL.map(|topic| {
            let (label, hint) = match topic {
                Topic::All => (t!("overview.feed.all"), t!("overview.feed.all_hint")),
                Topic::Services => (t!("overview.feed.services"), t!("overview.feed.services_hint")),
                Topic::Leaders => (t!("overview.feed.leaders"), t!("overview.feed.leaders_hint")),
                Topic::Locks => (t!("overview.feed.locks"), t!("overview.feed.locks_hint")),
                Topic::Leases => (t!("overview.feed.leases"), t!("overview.feed.leases_hint")),
                Topic::Cluster => (t!("overview.feed.cluster"), t!("overview.feed.cluster_hint")),
            };
            FilterChip { value: topic, label, hint, count: state.entries.count(topic), tone: Tone::Plain }
        });
        if let Some(topic) = filter_chips(ui, state.topic, &chips) {
            state.topic = topic;
        }
        if let Some(new) = state.entries.waiting() {
            ui.label(tokens.hint(match new {
                0 => t!("overview.feed.waits"),
                new => t!("overview.feed.waits_new", count = count_text(new as u64)),
            }));
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
    });
}

/// The handovers as one line, with the way to each of them.
fn handovers(ui: &mut Ui, world: &World, session: &Session, state: &mut FeedState) {
    if !matches!(state.topic, Topic::All | Topic::Locks) {
        return;
    }
    let folded = state.entries.folded(world.now);
    if folded.all == 0 {
        return;
    }
    let tokens = theme::tokens(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = size::PAD;
        let (rect, _) = ui.allocate_exact_size(vec2(20.0, size::ROW), Sense::hover());
        let middle = pos2(rect.left() + 12.0, rect.center().y);
        paint_icon(ui, middle, icons::ARROWS_CLOCKWISE, size::ICON_SMALL, tokens.second);
        // What is not seen any more is no last minute.
        let seen = session.known_until(world.now) == world.now;
        ui.label(tokens.secondary(folded_words(folded, seen, world.now)));
        let words = if state.handovers { t!("overview.feed.fold") } else { t!("overview.feed.unfold") };
        if link(ui, &words).clicked() {
            state.handovers = !state.handovers;
        }
    });
}

fn folded_words(folded: Folded, seen: bool, now: SeenAt) -> String {
    if folded.lately + folded.others == 0 || !seen {
        let (count, when) = (count_text(folded.all as u64), relative_text(folded.last, now));
        return t!("overview.feed.handovers_before", count = count, when = when).into_owned();
    }
    let (count, locks) = (count_text(folded.lately as u64), count_text(folded.locks as u64));
    let others = count_text(folded.others as u64);
    let time = || duration_text(folded.secs);
    let handovers = match folded.secs {
        60.. if folded.lately == 0 => return t!("overview.feed.others", count = others).into_owned(),
        _ if folded.lately == 0 => {
            return t!("overview.feed.others_in", count = others, time = time()).into_owned();
        }
        60.. if folded.lately == 1 => t!("overview.feed.handover"),
        60.. if folded.locks == 1 => t!("overview.feed.handovers_of_one", count = count),
        60.. => t!("overview.feed.handovers", count = count, locks = locks),
        _ => t!("overview.feed.handovers_in", count = count, locks = locks, time = time()),
    };
    match folded.others {
        0 => handovers.into_owned(),
        _ => t!("overview.feed.and_others", handovers = handovers, others = others).into_owned(),
    }
}

fn nothing(ui: &mut Ui, world: &World, session: &Session, state: &mut FeedState) {
    let tokens = theme::tokens(ui);
    let until = session.known_until(world.now);
    let words = match session.coordination.watched_since {
        _ if state.topic != Topic::All && state.entries.count(Topic::All) > 0 => {
            t!("overview.feed.none_such")
        }
        Some(since) if until < world.now => {
            let (from, until) = (clock_text(since, world.now), clock_text(until, world.now));
            t!("overview.feed.quiet_until", from = from, until = until)
        }
        Some(since) => t!("overview.feed.quiet", time = clock_text(since, world.now)),
        None => t!("overview.feed.not_watched"),
    };
    ui.label(tokens.secondary(words));
}

fn row(ui: &mut Ui, world: &World, entry: &Entry, rect: Rect, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let look = look(&entry.what);
    let response = ui.interact(rect, ui.scope_id().with(entry.id), Sense::click());
    let time = clock_text(entry.at, world.now);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("{time} {}", look.words)));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL), tokens.hover);
    }
    let y = rect.center().y;
    let colour = look.tone.colour(tokens);
    paint_icon(ui, pos2(rect.left() + 12.0, y), look.icon, size::ICON, colour);
    let mut left = rect.left() + 28.0;
    let mut put = |words: String, font, colour, wide: f32| {
        let words = elided(ui.painter(), words, font, colour, rect.right() - size::PAD - left);
        let room = words.size().x.max(wide);
        ui.painter().galley(pos2(left, y - words.size().y / 2.0), words, colour);
        left += room + size::PAD;
    };
    put(time, text::mono_small(), tokens.second, TIME - size::PAD);
    if rect.width() >= ROOM_FOR_AGO {
        put(relative_text(entry.at, world.now), text::meta(), tokens.faint, AGO - size::PAD);
    }
    let loud = look.tone == Tone::Danger;
    put(look.words.clone(), text::body(), if loud { colour } else { tokens.text }, 0.0);
    focus_ring(ui, rect.shrink2(vec2(2.0, 1.0)), &response);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = response.on_hover_ui(|ui| {
        ui.label(tokens.body(look.words.as_str()));
        if let What::News(news) = &entry.what
            && news.revision > 0
        {
            ui.label(tokens.mono_meta(format!("r{}", news.revision)));
        }
    });
    if response.clicked() {
        actions.push(look.leads);
    }
}

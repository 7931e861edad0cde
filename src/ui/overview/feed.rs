//! What happened last: one line each, newest first; each leads to what it is about.

use std::borrow::Cow;

use egui::{CornerRadius, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::coordination::{ClaimKind, EndCause, News, NewsKind, Turn};
use crate::model::key_text::display_short;
use crate::model::session::{Screen, Session};
use crate::model::world::World;
use crate::ui::coordination::cause_words;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::{focus_ring, paint_icon};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::{VirtualList, clock_text, count_text, elided, relative_text, section_header};

/// Names of keys are cut to so many signs.
const NAME: usize = 200;
/// Room of the time of day.
const TIME: f32 = 76.0;
/// A line is not wider: how long ago it was is to be read with it.
const WIDEST: f32 = 1_280.0;
/// Narrower feeds leave out how long ago it was.
const ROOM_FOR_AGE: f32 = 560.0;

/// Draws it into all the room that is left.
pub fn show(ui: &mut Ui, world: &World, session: &Session, actions: &mut Actions) {
    ui.set_max_width(ui.available_width().min(WIDEST));
    let tokens = theme::tokens(ui);
    let news = &session.coordination.news;
    section_header(ui, &t!("overview.feed.title"), |ui| {
        ui.label(tokens.hint(count_text(news.len() as u64)));
    });
    if news.is_empty() {
        let words = match session.coordination.watched_since {
            Some(since) => t!("overview.feed.quiet", time = clock_text(since, world.now)),
            None => t!("overview.feed.not_watched"),
        };
        ui.label(tokens.secondary(words));
        return;
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = theme::row_height(&world.settings) + 2.0;
    let list = VirtualList::new(Id::unique(("news", session.id)), news.len(), height);
    list.show(ui, |ui, sight, places| {
        for at in sight {
            let newest = news.len() - 1 - at;
            if let Some(entry) = news.get(newest) {
                row(ui, world, entry, places.rect(at), actions);
            }
        }
    });
}

/// What an entry looks like, and where it leads.
struct Look {
    icon: &'static str,
    tone: Tone,
    words: String,
    leads: Action,
}

fn row(ui: &mut Ui, world: &World, news: &News, rect: Rect, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let look = look(&news.kind);
    let response = ui.interact(rect, ui.scope_id().with(news.serial), Sense::click());
    let time = clock_text(news.at, world.now);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("{time} {}", look.words)));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, CornerRadius::same(size::RADIUS_SMALL), tokens.hover);
    }
    let y = rect.center().y;
    let colour = look.tone.colour(tokens);
    paint_icon(ui, pos2(rect.left() + 12.0, y), look.icon, size::ICON, colour);
    let time = elided(ui.painter(), time, text::mono_small(), tokens.second, TIME * 2.0);
    let left = rect.left() + 28.0;
    let wide = time.size().x.max(TIME - size::PAD);
    ui.painter().galley(pos2(left, y - time.size().y / 2.0), time, tokens.second);
    let mut right = rect.right() - size::GROUP;
    if rect.width() >= ROOM_FOR_AGE {
        let age = relative_text(news.at, world.now);
        let age = ui.painter().layout_no_wrap(age, text::meta(), tokens.faint);
        right -= age.size().x;
        ui.painter().galley(pos2(right, y - age.size().y / 2.0), age, tokens.faint);
        right -= size::GROUP;
    }
    let left = left + wide + size::PAD;
    let loud = look.tone == Tone::Danger;
    let colour = if loud { colour } else { tokens.text };
    let words = elided(ui.painter(), look.words.as_str(), text::body(), colour, right - left);
    ui.painter().galley(pos2(left, y - words.size().y / 2.0), words, colour);
    focus_ring(ui, rect.shrink2(vec2(2.0, 1.0)), &response);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = response.on_hover_ui(|ui| {
        ui.label(tokens.body(look.words.as_str()));
        if news.revision > 0 {
            ui.label(tokens.mono_meta(format!("r{}", news.revision)));
        }
    });
    if response.clicked() {
        actions.push(look.leads);
    }
}

fn look(kind: &NewsKind) -> Look {
    match kind {
        NewsKind::Instance { service, name, instance, turn, cause } => {
            let leads = Action::ShowService(service.clone());
            match turn {
                Turn::Up => Look {
                    icon: icons::ARROW_UP,
                    tone: Tone::Live,
                    words: t!("overview.feed.up", service = name, instance = instance).into_owned(),
                    leads,
                },
                Turn::Down => Look {
                    icon: icons::ARROW_DOWN,
                    tone: if is_loss(*cause) { Tone::Danger } else { Tone::Plain },
                    words: t!(
                        "overview.feed.down",
                        service = name,
                        instance = instance,
                        cause = cause_or_unknown(*cause)
                    )
                    .into_owned(),
                    leads,
                },
            }
        }
        NewsKind::Leader { election, from, to, cause } => Look {
            icon: icons::CROWN_SIMPLE,
            tone: if to.is_none() && *cause == Some(EndCause::Expired) { Tone::Danger } else { Tone::Accent },
            words: passed("leader", election, from.as_deref(), to.as_deref(), resigned(*cause)),
            leads: Action::ShowQueue(ClaimKind::Election, election.clone()),
        },
        NewsKind::Holder { lock, from, to, cause } => Look {
            icon: icons::LOCK,
            // Programs that end in order often revoke their lease.
            tone: if *cause == Some(EndCause::Expired) { Tone::Changed } else { Tone::Plain },
            words: passed("holder", lock, from.as_deref(), to.as_deref(), cause.map(cause_words)),
            leads: Action::ShowQueue(ClaimKind::Lock, lock.clone()),
        },
        NewsKind::Deadlock { locks, owners } => Look {
            icon: icons::WARNING,
            tone: Tone::Danger,
            words: t!("overview.feed.deadlock", locks = names(locks), owners = owners.join(", "))
                .into_owned(),
            leads: to_lock(locks),
        },
        NewsKind::DeadlockOver { locks } => Look {
            icon: icons::CHECK,
            tone: Tone::Live,
            words: t!("overview.feed.deadlock_over", locks = names(locks)).into_owned(),
            leads: to_lock(locks),
        },
    }
}

fn to_lock(locks: &[crate::model::bytes::Key]) -> Action {
    let first = locks.first().cloned();
    first.map_or(Action::ShowScreen(Screen::Locks), |lock| Action::ShowQueue(ClaimKind::Lock, lock))
}

fn names(locks: &[crate::model::bytes::Key]) -> String {
    let names: Vec<Cow<'_, str>> = locks.iter().map(|lock| display_short(lock, NAME)).collect();
    names.join(" → ")
}

/// A leadership or a lock went from one to another.
fn passed(
    what: &str,
    name: &[u8],
    from: Option<&str>,
    to: Option<&str>,
    cause: Option<Cow<'static, str>>,
) -> String {
    let cause = cause.unwrap_or_else(|| cause_words(EndCause::Unknown));
    let name = display_short(name, NAME);
    let words = |form: &str| format!("overview.feed.{what}_{form}");
    match (from, to) {
        (Some(from), Some(to)) => t!(&words("passed"), name = name, from = from, to = to, cause = cause),
        (None, Some(to)) => t!(&words("first"), name = name, to = to),
        (Some(from), None) => t!(&words("none"), name = name, from = from, cause = cause),
        (None, None) => t!(&words("unknown"), name = name),
    }
    .into_owned()
}

fn resigned(cause: Option<EndCause>) -> Option<Cow<'static, str>> {
    cause.map(|cause| match cause {
        EndCause::Released => t!("elections.resigned"),
        cause => cause_words(cause),
    })
}

fn cause_or_unknown(cause: Option<EndCause>) -> Cow<'static, str> {
    cause_words(cause.unwrap_or(EndCause::Unknown))
}

/// Whether something ended that nobody wanted to end.
fn is_loss(cause: Option<EndCause>) -> bool {
    matches!(cause, Some(EndCause::Expired | EndCause::Revoked))
}

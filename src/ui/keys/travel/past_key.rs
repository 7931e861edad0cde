//! One key as it was at the moment looked at: its value then, and what differs from the later moment. It
//! is read, never edited: what is to come back comes back by a plan.

use egui::{Align, Frame, Label, Layout, Margin, RichText, ScrollArea, Ui, UiBuilder, vec2};
use rust_i18n::t;

use super::past_row::dress;
use super::{menu, words};
use crate::action::{Action, Actions};
use crate::model::bytes::Value;
use crate::model::key_text::{display_key, display_short};
use crate::model::moment::{PastKey as Known, PastSource};
use crate::model::record::KeyMeta;
use crate::model::session::Session;
use crate::model::travel::{Comparison, Mark, Opened, Side, Travel};
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::editor::reading::{ReadDiff, ReadValue};
use crate::ui::keys::words::hex;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::{Button, bytes_text, empty_state, fault_view, icon_button, key_label, tabs};

/// Longer keys are cut in names.
const KEY_CHARS: usize = 1_000;
/// Below this width the buttons have no words.
const WIDE: f32 = 560.0;

/// Which of the two is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    /// What differs.
    #[default]
    Differs,
    /// The value then.
    Then,
    /// The value of the later moment.
    Now,
}

/// What the view keeps between frames.
#[derive(Default)]
pub struct PastKey {
    page: Page,
    diff: ReadDiff,
    then: ReadValue,
    now: ReadValue,
}

/// What a key is at one of the two moments.
enum There {
    /// It does not exist.
    Absent,
    /// It exists, with this value.
    Value(KeyMeta, Value),
    /// It exists; its value is being read.
    Reading(KeyMeta),
    /// It exists; its value is not known.
    Unknown(KeyMeta),
    /// Whether it exists is not known.
    Doubtful,
}

impl There {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Value(_, value) => Some(value.clone()),
            Self::Absent => Some(Value::from([].as_slice())),
            Self::Reading(_) | Self::Unknown(_) | Self::Doubtful => None,
        }
    }

    fn meta(&self) -> Option<KeyMeta> {
        match self {
            Self::Value(meta, _) | Self::Reading(meta) | Self::Unknown(meta) => Some(*meta),
            Self::Absent | Self::Doubtful => None,
        }
    }
}

fn then(comparison: &Comparison, key: &[u8], mark: Mark) -> There {
    match comparison.then.keys.get(key) {
        Some(Known { meta, value: Some(value), .. }) => There::Value(*meta, value.clone()),
        Some(Known { meta, .. }) => There::Unknown(*meta),
        None if mark == Mark::Uncertain => There::Doubtful,
        None => There::Absent,
    }
}

fn now(comparison: &Comparison, opened: &Opened) -> There {
    let Some(found) = comparison.now.get(&opened.key) else { return There::Absent };
    match (&comparison.now, found) {
        (_, (meta, Some(value))) => There::Value(meta, value.clone()),
        (Side::Past(_), (meta, None)) => There::Unknown(meta),
        (Side::Live(_), (meta, None)) => match opened.now.value() {
            // Only what was read of this very version.
            Some(Some(record)) if record.meta.mod_revision == meta.mod_revision => {
                let value = record.value.clone();
                value.map_or(There::Unknown(meta), |value| There::Value(record.meta, value))
            }
            _ if opened.now.fault().is_some() => There::Unknown(meta),
            _ => There::Reading(meta),
        },
    }
}

/// Draws the view.
pub fn show(
    ui: &mut Ui,
    world: &World,
    session: &Session,
    travel: &Travel,
    opened: &Opened,
    comparison: &Comparison,
    state: &mut PastKey,
    actions: &mut Actions,
) {
    let key = &opened.key;
    let mark = comparison.mark(key).unwrap_or(Mark::Same);
    let known = comparison.mark(key).is_some();
    header(ui, session, comparison, opened, mark, actions);
    if !known {
        let (title, hint) = (t!("travel.key.nowhere"), t!("travel.key.nowhere_hint"));
        empty_state(ui, icons::FILE, &title, &hint, None);
        return;
    }
    let before = then(comparison, key, mark);
    let after = now(comparison, opened);
    facts(ui, world, travel, comparison, opened, mark, &before, &after);
    let then_name = t!("travel.key.then", revision = comparison.then.revision);
    let now_name = match &comparison.now {
        Side::Live(_) => t!("travel.key.now"),
        Side::Past(other) => t!("travel.key.then", revision = other.revision),
    };
    let differs = t!("travel.key.differs");
    let pages = [
        (Page::Differs, differs.as_ref(), None),
        (Page::Then, then_name.as_ref(), None),
        (Page::Now, now_name.as_ref(), None),
    ];
    Frame::new().inner_margin(Margin::symmetric(8, 0)).show(ui, |ui| {
        if let Some(page) = tabs(ui, state.page, &pages) {
            state.page = page;
        }
    });
    let rect = ui.available_rect_before_wrap();
    ui.painter().hline(rect.x_range(), rect.top(), theme::tokens(ui).line());
    ui.push_id(("past key", key), |ui| match state.page {
        Page::Then => one(ui, opened, &before, &then_name, &mut state.then),
        Page::Now => one(ui, opened, &after, &now_name, &mut state.now),
        Page::Differs => match (before.value(), after.value()) {
            (Some(old), Some(new)) => state.diff.show(ui, &old, &new, [&then_name, &now_name]),
            (None, _) => not_shown(ui, opened, &before, actions),
            (_, None) => not_shown(ui, opened, &after, actions),
        },
    });
}

fn header(
    ui: &mut Ui,
    session: &Session,
    comparison: &Comparison,
    opened: &Opened,
    mark: Mark,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let wide = ui.available_width() >= WIDE;
    let (rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), size::BAR + size::PAD), egui::Sense::hover());
    let inner = rect.shrink2(vec2(size::PAD + size::GRID, 0.0));
    let layout = Layout::right_to_left(Align::Center);
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(layout));
    row.spacing_mut().item_spacing.x = size::PAD;
    if icon_button(&mut row, icons::X, &t!("travel.key.close"), None).clicked() {
        actions.push(Action::TravelOpen(None));
    }
    let words = if wide { t!("travel.restore.key") } else { t!("travel.restore.short") };
    let restore = Button::quiet(&words).icon(icons::ARROW_COUNTER_CLOCKWISE).small();
    // What is the same need not come back; what was not there can only be deleted.
    let may = !session.profile.read_only && mark != Mark::Same && mark != Mark::Rewritten;
    let hint = match session.profile.read_only {
        true => t!("keys.menu.read_only"),
        false => t!("travel.restore.same"),
    };
    if restore.enabled(may).disabled_hint(hint).show(&mut row).clicked() {
        actions.push(menu::restore(vec![TreeItem::key(opened.key.clone())], comparison.then.revision));
    }
    if icon_button(&mut row, icons::COPY, &t!("keys.details.copy_key"), None).clicked() {
        actions.push(Action::CopyText(display_key(&opened.key).into_owned()));
    }
    row.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.label(
            RichText::new(icons::CLOCK_COUNTER_CLOCKWISE).font(text::icon(size::ICON)).color(tokens.past),
        );
        key_label(ui, &opened.key, session.profile.separator_byte());
    });
}

/// What became of it, in words, and what it was.
fn facts(
    ui: &mut Ui,
    world: &World,
    travel: &Travel,
    comparison: &Comparison,
    opened: &Opened,
    mark: Mark,
    before: &There,
    after: &There,
) {
    let tokens = theme::tokens(ui);
    Frame::new().inner_margin(Margin { left: 12, right: 12, top: 0, bottom: 6 }).show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.horizontal(|ui| {
            let (icon, colour) = dress(mark, tokens);
            ui.label(RichText::new(icon).font(text::icon(size::ICON_SMALL)).color(colour));
            ui.add(Label::new(tokens.body(words::mark_hint(mark))).truncate());
        });
        let source = comparison.then.keys.get(&opened.key).map(|past| match past.source {
            PastSource::Etcd => t!("travel.key.from_etcd"),
            PastSource::Journal => t!("travel.key.from_journal"),
            PastSource::Live => t!("travel.key.from_live"),
        });
        let lines = [
            (t!("travel.key.then", revision = comparison.then.revision), before, source),
            match &comparison.now {
                Side::Live(_) => (t!("travel.key.now"), after, None),
                Side::Past(other) => (t!("travel.key.then", revision = other.revision), after, None),
            },
        ];
        for (name, there, source) in lines {
            let mut words = there_words(world, travel, there);
            if let Some(source) = source {
                words = format!("{words} · {source}");
            }
            let whole = format!("{name}: {words}");
            ui.add(Label::new(tokens.meta(&whole)).truncate()).on_hover_text(whole);
        }
    });
}

fn there_words(world: &World, travel: &Travel, there: &There) -> String {
    let Some(meta) = there.meta() else {
        return match there {
            There::Doubtful => t!("travel.key.doubtful"),
            _ => t!("travel.key.absent"),
        }
        .into_owned();
    };
    if meta.mod_revision == 0 {
        return t!("travel.key.written_unknown", revision = meta.create_revision).into_owned();
    }
    let tick = travel.timeline.value().and_then(|timeline| timeline.tick(meta.mod_revision));
    let seen_at = tick.filter(|tick| tick.revision == meta.mod_revision).and_then(|tick| tick.seen_at);
    let written = match seen_at {
        Some(_) => words::revision_and_time(meta.mod_revision, seen_at, world.now),
        None => format!("r{}", meta.mod_revision),
    };
    let mut words = t!("travel.key.written", at = written, version = meta.version).into_owned();
    if meta.lease != 0 {
        words = format!("{words} · {}", t!("travel.key.lease", lease = hex(meta.lease)));
    }
    if let There::Value(_, value) = there {
        words = format!("{words} · {}", bytes_text(value.len() as u64));
    }
    words
}

fn one(ui: &mut Ui, opened: &Opened, there: &There, name: &str, state: &mut ReadValue) {
    match there {
        There::Value(_, value) => {
            let of = t!("travel.key.value_of", key = display_short(&opened.key, KEY_CHARS), name = name);
            state.show(ui, &opened.key, value, &of);
        }
        _ => not_shown(ui, opened, there, &mut Actions::default()),
    }
}

/// Why there is no value to be shown.
fn not_shown(ui: &mut Ui, opened: &Opened, there: &There, actions: &mut Actions) {
    let (title, hint) = match there {
        There::Absent | There::Value(..) => (t!("travel.key.absent"), t!("travel.key.absent_hint")),
        There::Reading(_) => (t!("editor.reading"), t!("editor.reading_hint")),
        There::Unknown(_) => (t!("travel.key.unknown"), t!("travel.key.unknown_hint")),
        There::Doubtful => (t!("travel.key.doubtful"), t!("travel.key.doubtful_hint")),
    };
    if let (There::Unknown(_), Some(fault)) = (there, opened.now.fault()) {
        ScrollArea::vertical().show(ui, |ui| {
            Frame::new().inner_margin(size::GROUP).show(ui, |ui| {
                if fault_view(ui, fault, true).retry {
                    actions.push(Action::TravelOpen(Some(opened.key.clone())));
                }
            });
        });
        return;
    }
    empty_state(ui, icons::FILE, &title, &hint, None);
}

//! The band that says that this is the past: which moment, seen when, what differs since, how sure it
//! is; the way back to now; and the controls of the strip.

use std::sync::Arc;

use egui::{Align, Frame, Id, Label, Layout, Margin, RichText, Ui, UiBuilder, vec2};
use rust_i18n::t;

use super::axis::Measure;
use super::past_row::badges;
use super::{TravelView, menu, typed, words};
use crate::action::{Action, Actions};
use crate::model::key_text::display_short;
use crate::model::moment::{Certainty, Picture, Timeline};
use crate::model::session::Session;
use crate::model::status::SeenAt;
use crate::model::travel::{Comparison, Side, Travel};
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::chip::Tone;
use crate::ui::widgets::field::mono_field;
use crate::ui::widgets::{
    Button, clock_text, fault_line, from_left, icon_button, icon_toggle, relative_text, segmented,
};

/// Below this width of the window the band says less.
const WIDE: f32 = 900.0;
/// Below this width the controls say less.
const WIDE_CONTROLS: f32 = 820.0;
/// Width of the field for a moment.
const FIELD: f32 = 150.0;

/// What the band is about.
pub struct Moment<'a> {
    /// The world.
    pub world: &'a World,
    /// The connection.
    pub session: &'a Session,
    /// The travel.
    pub travel: &'a Travel,
    /// Every change in reach, if known.
    pub timeline: Option<&'a Arc<Timeline>>,
    /// What is shown.
    pub comparison: Option<&'a Comparison>,
}

/// The id of the field for a moment.
pub fn field_id() -> Id {
    Id::unique("travel moment")
}

impl Moment<'_> {
    fn seen_at(&self, revision: i64) -> Option<SeenAt> {
        self.timeline.and_then(|timeline| timeline.seen_at(revision))
    }

    /// The folder, as it is called.
    fn folder(&self) -> String {
        match self.travel.prefix.is_empty() {
            true => t!("keys.header.everything").into_owned(),
            false => display_short(&self.travel.prefix, 300).into_owned(),
        }
    }

    fn title(&self) -> String {
        match self.comparison {
            // "All keys" are many.
            Some(shown) if self.travel.prefix.is_empty() => {
                t!("travel.band.title_all", revision = shown.then.revision).into_owned()
            }
            None if self.travel.prefix.is_empty() => t!("travel.band.title_all_waiting").into_owned(),
            Some(shown) => {
                t!("travel.band.title", folder = self.folder(), revision = shown.then.revision).into_owned()
            }
            None => t!("travel.band.title_waiting", folder = self.folder()).into_owned(),
        }
    }

    /// When it was seen, and what it is compared with.
    fn subtitle(&self, shown: &Comparison) -> String {
        let now = self.world.now;
        let seen = match self.seen_at(shown.then.revision) {
            Some(at) => t!("travel.band.seen", time = clock_text(at, now), age = relative_text(at, now)),
            None => t!("travel.band.not_seen"),
        };
        match &shown.now {
            Side::Live(_) => seen.into_owned(),
            Side::Past(other) => {
                let against = t!("travel.band.against", revision = other.revision);
                format!("{seen} · {against}")
            }
        }
    }

    fn is_waiting(&self) -> bool {
        let waits = |look: &Option<crate::model::travel::Look>| {
            look.as_ref().is_some_and(crate::model::travel::Look::is_waiting)
        };
        waits(&self.travel.look) || waits(&self.travel.against)
    }
}

/// Draws the band.
pub fn show(ui: &mut Ui, moment: &Moment<'_>, comparing: bool, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let wide = ui.available_width() >= WIDE;
    Frame::new().fill(tokens.past.gamma_multiply(if tokens.dark { 0.20 } else { 0.13 })).show(ui, |ui| {
        ui.take_available_width();
        row(ui, |ui| {
            let back = t!("travel.band.back");
            let button = Button::primary(&back).icon(icons::ARROW_U_UP_LEFT).small().tooltip("Esc");
            if button.show(ui).clicked() {
                actions.push(Action::LeaveTravel);
            }
            restore(ui, moment, wide, actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| headline(ui, tokens, moment, wide));
        });
    });
    let rect = ui.min_rect();
    ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(2.0, tokens.past));
    ui.add_space(2.0);
    notices(ui, tokens, moment, comparing, actions);
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::TITLE_BAR), egui::Sense::hover());
    let inner = rect.shrink2(vec2(size::PAD + size::GRID, 0.0));
    let layout = Layout::right_to_left(Align::Center);
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(layout));
    row.spacing_mut().item_spacing.x = size::PAD;
    content(&mut row);
}

fn restore(ui: &mut Ui, moment: &Moment<'_>, wide: bool, actions: &mut Actions) {
    let Some(shown) = moment.comparison else { return };
    let words = if wide { t!("travel.restore.folder") } else { t!("travel.restore.short") };
    let read_only = moment.session.profile.read_only;
    let button = Button::quiet(&words).icon(icons::ARROW_COUNTER_CLOCKWISE).small();
    let button = button.enabled(!read_only).disabled_hint(t!("keys.menu.read_only"));
    if button.tooltip(t!("travel.restore.hint")).show(ui).clicked() {
        let root = TreeItem::folder(shown.then.prefix.as_slice());
        actions.push(menu::restore(vec![root], shown.then.revision));
    }
}

fn headline(ui: &mut Ui, tokens: &Tokens, moment: &Moment<'_>, wide: bool) {
    ui.label(RichText::new(icons::CLOCK_COUNTER_CLOCKWISE).font(text::icon(18.0)).color(tokens.past));
    let title = moment.title();
    let Some(shown) = moment.comparison else {
        ui.add(Label::new(tokens.strong(title)).truncate());
        return;
    };
    let subtitle = moment.subtitle(shown);
    let counts = words::counts(&shown.totals);
    let since = match &shown.now {
        Side::Live(_) => t!("travel.band.since", counts = counts),
        Side::Past(other) => t!("travel.band.until", counts = counts, revision = other.revision),
    };
    // In words for screen readers, always; on screen as there is room.
    let whole = format!("{title} · {subtitle} · {since}");
    let strong = ui.add(Label::new(tokens.strong(title)).truncate());
    strong.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &whole));
    if wide {
        ui.label(tokens.meta(subtitle));
        ui.add(Label::new(tokens.meta(since)).truncate());
    } else {
        strong.on_hover_text(whole);
        for (words, colour) in badges(&shown.totals, tokens).into_iter().rev() {
            ui.label(RichText::new(words).font(text::mono_small()).color(colour));
        }
    }
}

/// What is to be known of the moment: that it is still read, could not be read, or is not certain.
fn notices(ui: &mut Ui, tokens: &Tokens, moment: &Moment<'_>, comparing: bool, actions: &mut Actions) {
    let travel = moment.travel;
    for look in [&travel.look, &travel.against].into_iter().flatten() {
        if let Some(fault) = look.fault() {
            notice(ui, tokens, Tone::Danger, |ui| {
                if Button::ghost(&t!("common.retry")).small().show(ui).clicked() {
                    actions.push(Action::TravelRetry);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.label(tokens.meta(t!("travel.band.not_read", revision = look.revision)));
                    fault_line(ui, fault);
                });
            });
        }
    }
    if let (Some(fault), Some(_)) = (travel.timeline.fault(), moment.comparison) {
        notice(ui, tokens, Tone::Changed, |ui| {
            if Button::ghost(&t!("common.retry")).small().show(ui).clicked() {
                actions.push(Action::TravelRetry);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| fault_line(ui, fault));
        });
    }
    if moment.is_waiting() || comparing {
        let wanted = travel.look.as_ref().map_or(0, |look| look.revision);
        let words = if moment.is_waiting() {
            t!("travel.band.reading", revision = wanted)
        } else {
            t!("travel.band.comparing")
        };
        line(ui, tokens, Tone::Waiting, &words);
    }
    if let Some(shown) = moment.comparison {
        for words in doubts(&shown.then, moment.world.now) {
            line(ui, tokens, Tone::Changed, &words);
        }
        if let Side::Past(other) = &shown.now
            && !Arc::ptr_eq(other, &shown.then)
        {
            for words in doubts(other, moment.world.now) {
                line(ui, tokens, Tone::Changed, &words);
            }
        }
    }
}

/// Why a picture may not be what was.
fn doubts(picture: &Picture, now: SeenAt) -> Vec<String> {
    let revision = picture.revision;
    let mut lines = Vec::new();
    match picture.certainty {
        Certainty::Exact => {}
        Certainty::InGap(gap) => lines.push(
            t!(
                "travel.band.in_gap",
                from = clock_text(gap.from_time, now),
                to = clock_text(gap.to_time, now),
                after = gap.after,
                revision = gap.to
            )
            .into_owned(),
        ),
        Certainty::Withheld => lines.push(t!("travel.band.withheld").into_owned()),
        Certainty::BeforeRecords => {
            lines.push(t!("travel.band.before_records", revision = revision).into_owned());
        }
    }
    match picture.uncertain.len() {
        0 => {}
        1 => lines.push(t!("travel.band.one_uncertain").into_owned()),
        count => lines.push(t!("travel.band.uncertain", count = count).into_owned()),
    }
    if lines.len() == 2 {
        // One sentence after the other, on one line.
        return vec![lines.join(" ")];
    }
    lines
}

fn line(ui: &mut Ui, tokens: &Tokens, tone: Tone, words: &str) {
    notice(ui, tokens, tone, |ui| {
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let icon = if tone == Tone::Waiting { icons::HOURGLASS_MEDIUM } else { icons::WARNING };
            ui.label(RichText::new(icon).font(text::icon(size::ICON_SMALL)).color(tone.colour(tokens)));
            let label = ui.add(Label::new(tokens.meta(words).color(tokens.text)).truncate());
            label.on_hover_text(words);
        });
    });
}

fn notice(ui: &mut Ui, tokens: &Tokens, tone: Tone, content: impl FnOnce(&mut Ui)) {
    let fill = tokens.soft(tone.colour(tokens));
    Frame::new().fill(fill).inner_margin(Margin::symmetric(12, 1)).show(ui, |ui| {
        let room = vec2(ui.available_width(), size::CONTROL_SMALL);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_size(room);
            content(ui);
        });
    });
}

/// Above the strip: steps, a moment to be typed, what it is compared with, how the line is measured.
pub fn controls(
    ui: &mut Ui,
    moment: &Moment<'_>,
    timeline: &Arc<Timeline>,
    view: &mut TravelView,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let wide = ui.available_width() >= WIDE_CONTROLS;
    row(ui, |ui| {
        let chosen = view.strip.measure(timeline);
        let (by_revision, by_time) = (t!("travel.strip.by_revision"), t!("travel.strip.by_time"));
        let choices = [(Measure::Revision, by_revision.as_ref()), (Measure::Time, by_time.as_ref())];
        if let Some(measure) = segmented(ui, chosen, &choices) {
            view.strip.choose(measure);
        }
        if view.strip.is_zoomed()
            && icon_button(ui, icons::ARROWS_LEFT_RIGHT, &t!("travel.strip.show_all"), None).clicked()
        {
            view.strip.show_all();
        }
        from_left(ui, |ui| {
            steps(ui, moment, timeline, actions);
            field(ui, moment, timeline, view, actions);
            against(ui, moment, timeline, actions);
            let list = t!("travel.changes.title");
            if icon_toggle(ui, icons::LIST_BULLETS, &list, None, moment.travel.opened.is_none()).clicked() {
                actions.push(Action::TravelOpen(None));
            }
            if wide {
                let count = crate::ui::keys::words::changes(timeline.ticks.len() as u64);
                let words = if timeline.cut { t!("travel.strip.cut", changes = count) } else { count.into() };
                ui.add(Label::new(tokens.hint(words)).truncate());
            }
        });
    });
}

fn steps(ui: &mut Ui, moment: &Moment<'_>, timeline: &Timeline, actions: &mut Actions) {
    let Some(look) = &moment.travel.look else { return };
    let steps = [
        (icons::CARET_LEFT, t!("travel.strip.previous"), -1, "["),
        (icons::CARET_RIGHT, t!("travel.strip.next"), 1, "]"),
    ];
    ui.spacing_mut().item_spacing.x = 2.0;
    for (icon, name, by, key) in steps {
        let target = timeline.step(look.revision, by);
        ui.add_enabled_ui(target != look.revision, |ui| {
            if icon_button(ui, icon, &name, Some(key.to_owned())).clicked() {
                actions.push(Action::TravelTo(target));
            }
        });
    }
    ui.spacing_mut().item_spacing.x = size::PAD;
}

fn field(
    ui: &mut Ui,
    moment: &Moment<'_>,
    timeline: &Timeline,
    view: &mut TravelView,
    actions: &mut Actions,
) {
    let name = t!("travel.field.name");
    let room = vec2(FIELD, size::CONTROL);
    let response = ui
        .allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
            mono_field(ui, field_id(), &mut view.typed, &name, &t!("travel.field.hint"))
        })
        .inner;
    if response.changed() {
        view.wrong = None;
    }
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(egui::Key::Enter))
        && !view.typed.is_empty()
    {
        match typed::moment(&view.typed, timeline, moment.session.applied, moment.world.now) {
            Ok(revision) => {
                view.typed.clear();
                actions.push(Action::TravelTo(revision));
            }
            Err(wrong) => view.wrong = Some(wrong),
        }
    }
    if let Some(wrong) = view.wrong {
        crate::ui::widgets::field::outline_error(ui, &response);
        let words = match wrong {
            typed::Wrong::Unreadable => t!("travel.field.unreadable"),
            typed::Wrong::Future => t!("travel.field.future"),
            typed::Wrong::NothingSeen => t!("travel.field.nothing_seen"),
        };
        let tokens = theme::tokens(ui);
        ui.add(Label::new(tokens.meta(words).color(tokens.danger)).truncate());
    }
}

fn against(ui: &mut Ui, moment: &Moment<'_>, timeline: &Timeline, actions: &mut Actions) {
    let (now, other) = (t!("travel.against.now"), t!("travel.against.other"));
    let is_other = moment.travel.against.is_some();
    let Some(chosen) = segmented(ui, is_other, &[(false, now.as_ref()), (true, other.as_ref())]) else {
        return;
    };
    if chosen != is_other {
        let last = timeline.last_stop().filter(|_| chosen);
        actions.push(Action::TravelCompare(last));
    }
}

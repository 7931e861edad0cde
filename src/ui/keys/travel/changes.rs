//! Every change in reach as a list: what the strip shows, for those who read.

use egui::accesskit::Role;
use egui::{Id, Sense, Ui, UiBuilder, WidgetInfo, pos2};
use rust_i18n::t;

use super::words;
use crate::action::{Action, Actions};
use crate::model::moment::{Tick, Timeline};
use crate::model::travel::Travel;
use crate::model::world::World;
use crate::ui::keys::tree::{keyboard_area, may_use_keyboard, moved, take_presses};
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{VirtualList, clock_text, elided, section_header};

/// Width of the column of revisions.
const REVISION: f32 = 120.0;
/// Width of the column of times.
const TIME: f32 = 170.0;

/// What the list keeps between frames.
#[derive(Default)]
pub struct Changes {
    page: usize,
    followed: Option<i64>,
}

impl Changes {
    /// Draws the list, newest first.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        world: &World,
        travel: &Travel,
        timeline: &Timeline,
        actions: &mut Actions,
    ) {
        let tokens = theme::tokens(ui);
        egui::Frame::new().inner_margin(egui::Margin::symmetric(12, 0)).show(ui, |ui| {
            section_header(ui, &t!("travel.changes.title"), |ui| {
                ui.label(tokens.hint(t!("travel.changes.hint")));
            });
        });
        let look = travel.look.as_ref().map(|look| look.revision);
        let rows = Rows { timeline, before_first: timeline.before_first() };
        let id = Id::unique("travel changes");
        let list = keyboard_area(ui, id);
        let name = t!("travel.changes.name");
        list.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, &name));
        let at = look.and_then(|look| rows.position(look));
        if ui.memory(|memory| memory.has_focus(id)) && may_use_keyboard(ui, world, id) {
            for (press, _) in take_presses(ui, id) {
                let up_or_down = !matches!(
                    press,
                    egui::Key::Enter | egui::Key::A | egui::Key::ArrowLeft | egui::Key::ArrowRight
                );
                if up_or_down && rows.len() > 0 {
                    let target = moved(at, press, self.page.max(2) - 1, rows.len());
                    actions.push(Action::TravelTo(rows.revision(target)));
                }
            }
        }
        let reveal = at.filter(|_| self.followed != look);
        self.followed = look;
        let place = ui.available_rect_before_wrap();
        let child = UiBuilder::new().id_salt(id).accessibility_parent(id).max_rect(place);
        let focused = list.has_focus();
        ui.scope_builder(child, |ui| {
            let height = theme::row_height(&world.settings);
            let output = VirtualList::new(id.with("rows"), rows.len(), height).reveal(reveal).show(
                ui,
                |ui, sight, places| {
                    for row in sight {
                        let revision = rows.revision(row);
                        let rect = places.rect(row);
                        let response = ui.interact(rect, ui.scope_id().with(revision), Sense::CLICK);
                        let selected = at == Some(row);
                        let label = rows.label(row, world.now);
                        response.widget_info(|| {
                            WidgetInfo::selected(Role::ListBoxOption, true, selected, &label)
                        });
                        row_ground(ui, rect, selected, response.hovered(), selected && focused);
                        rows.paint(ui, row, rect, world.now);
                        if response.clicked() {
                            ui.memory_mut(|memory| memory.request_focus(id));
                            actions.push(Action::TravelTo(revision));
                        }
                    }
                },
            );
            self.page = output.page;
        });
    }
}

/// The rows: the newest change first, what was before the first one last.
struct Rows<'a> {
    timeline: &'a Timeline,
    before_first: Option<i64>,
}

impl Rows<'_> {
    fn len(&self) -> usize {
        self.timeline.ticks.len() + usize::from(self.before_first.is_some())
    }

    fn tick(&self, row: usize) -> Option<&Tick> {
        let last = self.timeline.ticks.len().checked_sub(1)?;
        self.timeline.ticks.get(last.checked_sub(row)?)
    }

    fn revision(&self, row: usize) -> i64 {
        self.tick(row).map(|tick| tick.revision).or(self.before_first).unwrap_or_default()
    }

    /// The row of a moment: its newest change.
    fn position(&self, revision: i64) -> Option<usize> {
        let not_after = self.timeline.ticks.partition_point(|tick| tick.revision <= revision);
        match not_after.checked_sub(1) {
            Some(at) => Some(self.timeline.ticks.len() - 1 - at),
            None => self.before_first.map(|_| self.timeline.ticks.len()),
        }
    }

    fn label(&self, row: usize, now: i64) -> String {
        match self.tick(row) {
            Some(tick) => words::moment_and_change(self.timeline, tick.revision, now),
            None => t!("travel.changes.before_first").into_owned(),
        }
    }

    fn paint(&self, ui: &Ui, row: usize, rect: egui::Rect, now: i64) {
        let tokens = theme::tokens(ui);
        let painter = ui.painter();
        let left = rect.left() + size::PAD + size::GRID;
        let wide = rect.width() >= REVISION + TIME + 160.0;
        let put = |x: f32, width: f32, words: String, font: egui::FontId, colour: egui::Color32| {
            let galley = elided(painter, words, font, colour, width);
            painter.galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, colour);
        };
        let Some(tick) = self.tick(row) else {
            let words = t!("travel.changes.before_first").into_owned();
            put(left, rect.width() - 24.0, words, text::body(), tokens.second);
            return;
        };
        put(left, REVISION - 8.0, format!("r{}", tick.revision), text::mono_small(), tokens.text);
        let mut x = left + REVISION * if wide { 1.0 } else { 0.75 };
        if wide {
            let time = tick
                .seen_at
                .map_or_else(|| t!("travel.words.no_time").into_owned(), |at| clock_text(at, now));
            put(x, TIME - 8.0, time, text::mono_small(), tokens.second);
            x += TIME;
        }
        put(x, rect.right() - x - 16.0, words::change(tick), text::body(), tokens.text);
    }
}

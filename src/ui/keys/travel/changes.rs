//! Every change in reach as a list: what the strip shows, for those who read.

use egui::accesskit::Role;
use egui::{Id, Sense, Ui, UiBuilder, WidgetInfo, pos2};
use rust_i18n::t;

use super::words;
use crate::action::{Action, Actions};
use crate::model::moment::{Tick, Timeline};
use crate::model::travel::{Travel, Unwatched};
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
        let rows = Rows::new(timeline);
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
                    let target = rows.landed(at, moved(at, press, self.page.max(2) - 1, rows.len()));
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
                        let gap = rows.gap(row).is_some();
                        let sense = if gap { Sense::HOVER } else { Sense::CLICK };
                        let response = ui.interact(rect, ui.scope_id().with((revision, gap)), sense);
                        let selected = at == Some(row);
                        let label = rows.label(row, world.now);
                        response.widget_info(|| {
                            WidgetInfo::selected(Role::ListBoxOption, true, selected, &label)
                        });
                        row_ground(ui, rect, selected, response.hovered() && !gap, selected && focused);
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

/// The rows: the newest change first, what was before the first one last. Above the changes that were
/// found where nobody watched stands a row that says so.
struct Rows<'a> {
    timeline: &'a Timeline,
    before_first: Option<i64>,
    /// The rows that tell of what nobody watched, from the top.
    gaps: Vec<(usize, Unwatched)>,
}

impl<'a> Rows<'a> {
    fn new(timeline: &'a Timeline) -> Self {
        let ticks = &timeline.ticks;
        let newer = |revision: i64| ticks.len() - ticks.partition_point(|tick| tick.revision <= revision);
        let first = ticks.first().map_or(i64::MAX, |tick| tick.revision);
        // One that lies before everything that is listed tells nothing of the list.
        let between =
            timeline.unwatched().into_iter().rev().filter(|gap| gap.after.is_some() && gap.to > first);
        let gaps = between.enumerate().map(|(above, gap)| (newer(gap.to) + above, gap)).collect();
        Self { timeline, before_first: timeline.before_first(), gaps }
    }

    fn len(&self) -> usize {
        self.timeline.ticks.len() + self.gaps.len() + usize::from(self.before_first.is_some())
    }

    fn gap(&self, row: usize) -> Option<&Unwatched> {
        self.gaps.iter().find(|(at, _)| *at == row).map(|(_, gap)| gap)
    }

    fn tick(&self, row: usize) -> Option<&Tick> {
        let last = self.timeline.ticks.len().checked_sub(1)?;
        let above = self.gaps.partition_point(|(at, _)| *at < row);
        self.timeline.ticks.get(last.checked_sub(row - above)?)
    }

    fn revision(&self, row: usize) -> i64 {
        if let Some(gap) = self.gap(row) {
            return gap.to;
        }
        self.tick(row).map(|tick| tick.revision).or(self.before_first).unwrap_or_default()
    }

    /// The row of a moment: its newest change.
    fn position(&self, revision: i64) -> Option<usize> {
        let not_after = self.timeline.ticks.partition_point(|tick| tick.revision <= revision);
        let row = match not_after.checked_sub(1) {
            Some(at) => self.timeline.ticks.len() - 1 - at,
            None => self.before_first.map(|_| self.timeline.ticks.len())?,
        };
        // The first gap stands above the row with its own number, the second above the one before it.
        let above = self.gaps.iter().enumerate().filter(|(before, (at, _))| at - before <= row).count();
        Some(row + above)
    }

    /// Where a step leads: over the rows that are no moments.
    fn landed(&self, from: Option<usize>, target: usize) -> usize {
        let up = from.is_some_and(|from| target < from);
        let mut row = target;
        while self.gap(row).is_some() {
            let next = if up { row.checked_sub(1) } else { Some(row + 1).filter(|row| *row < self.len()) };
            match next {
                Some(next) => row = next,
                None => return from.unwrap_or(target),
            }
        }
        row
    }

    fn label(&self, row: usize, now: i64) -> String {
        if let Some(gap) = self.gap(row) {
            return gap_words(gap);
        }
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
        if let Some(gap) = self.gap(row) {
            put(left, rect.width() - 24.0, gap_words(gap), text::meta(), tokens.waiting);
            return;
        }
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

/// `Nobody watched r55–r60: …`
fn gap_words(gap: &Unwatched) -> String {
    let after = gap.after.unwrap_or_default();
    t!("travel.changes.gap", after = after, to = gap.to).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::journal::Span;

    fn timeline() -> Timeline {
        let tick = |revision| Tick { revision, seen_at: None, created: 1, changed: 0, deleted: 0 };
        let span = |after, to| Span { after, to, from_time: 0, to_time: 0, has_base: true };
        let ticks = [40, 57, 60, 65].map(tick).to_vec();
        let spans = vec![span(34, 55), span(60, 62), span(64, 70)];
        Timeline { ticks, spans, etcd_from: Some(90), cut: true, ..Timeline::default() }
    }

    #[test]
    fn what_nobody_watched_stands_above_what_was_found_there() {
        let timeline = timeline();
        let rows = Rows::new(&timeline);
        let shown: Vec<(bool, i64)> =
            (0..rows.len()).map(|row| (rows.gap(row).is_some(), rows.revision(row))).collect();
        let expected =
            [(true, 90), (false, 65), (true, 64), (true, 60), (false, 60), (false, 57), (false, 40)];
        assert_eq!(shown, expected);
        assert_eq!([65, 63, 60, 57, 40].map(|at| rows.position(at)), [1, 4, 4, 5, 6].map(Some));
        assert!(rows.label(3, 0).contains("r55") && rows.label(3, 0).contains("r60"));
    }

    #[test]
    fn a_step_leads_over_what_is_no_moment() {
        let timeline = timeline();
        let rows = Rows::new(&timeline);
        assert_eq!((rows.landed(Some(4), 3), rows.landed(Some(1), 2)), (1, 4));
        assert_eq!(rows.landed(Some(1), 0), 1, "nothing is above");
    }
}

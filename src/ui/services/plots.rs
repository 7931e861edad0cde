//! The metrics of an instance over the time watched: plots, and the same in figures beside them.

use std::ops::RangeInclusive;

use egui::{Color32, Role, Ui, WidgetInfo, vec2};
use egui_plot::{GridInput, GridMark, Line, Plot, PlotPoints};
use rust_i18n::t;

use super::{View, words};
use crate::model::coordination::{Instance, Sample};
use crate::model::status::SeenAt;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::columns::{CellLook, paint_cell};
use crate::ui::widgets::{clock_text, section_header};

/// Height of a plot.
const HEIGHT: f32 = 104.0;
/// Steps of the time axis, in seconds.
const STEPS: [f64; 10] = [1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1_800.0, 3_600.0, 21_600.0];
/// About so many marks stand on the time axis.
const MARKS: f64 = 4.0;
/// At most so many points of a course are drawn.
const MOST_POINTS: usize = 600;

/// One course.
struct Course {
    name: String,
    colour: Color32,
    of: fn(&Sample) -> f32,
    words: fn(f32) -> String,
}

/// Draws them.
pub(super) fn show(ui: &mut Ui, view: View<'_>, instance: &Instance) {
    let tokens = theme::tokens(ui);
    section_header(ui, &t!("services.metrics"), |_| {});
    let cpu = Course {
        name: t!("services.column.cpu").into_owned(),
        colour: tokens.accent,
        of: |sample| sample.cpu,
        words: words::percent,
    };
    let memory = Course {
        name: t!("services.column.memory").into_owned(),
        colour: tokens.waiting,
        of: |sample| sample.memory,
        words: words::percent,
    };
    let latency = Course {
        name: t!("services.column.latency").into_owned(),
        colour: tokens.live,
        of: |sample| sample.latency_ms,
        words: words::latency,
    };
    let told = |course: &Course| instance.series.iter().any(|sample| !(course.of)(sample).is_nan());
    let shares: Vec<Course> = [cpu, memory].into_iter().filter(told).collect();
    let times: Vec<Course> = [latency].into_iter().filter(told).collect();
    if shares.is_empty() && times.is_empty() {
        ui.add(egui::Label::new(tokens.hint(t!("services.no_metrics"))).wrap());
        return;
    }
    figures(ui, instance, shares.iter().chain(&times));
    if !shares.is_empty() {
        plot(ui, view, instance, "shares", &shares, Some(1.0));
    }
    if !times.is_empty() {
        plot(ui, view, instance, "times", &times, None);
    }
}

/// Now, lowest, highest of each course: what the plots show, to be read.
fn figures<'a>(ui: &mut Ui, instance: &Instance, courses: impl Iterator<Item = &'a Course>) {
    let tokens = theme::tokens(ui);
    let width = ui.available_width();
    let column = |at: usize| {
        let part = (width - 112.0) / 3.0;
        let left = 112.0 + part * at as f32;
        (left, left + part - size::PAD)
    };
    let row = |ui: &mut Ui, mark: Option<Color32>, cells: [&str; 4], faint: bool| {
        let (rect, response) =
            ui.allocate_exact_size(vec2(width, size::ROW - size::GRID), egui::Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, cells.join(" ")));
        if let Some(colour) = mark {
            let y = rect.center().y;
            let stroke = egui::Stroke::new(2.0, colour);
            ui.painter().hline(rect.left()..=rect.left() + 12.0, y, stroke);
        }
        let colour = if faint { tokens.faint } else { tokens.text };
        let name = CellLook::new(text::meta(), if faint { tokens.faint } else { tokens.second });
        paint_cell(ui, rect, (rect.left() + 18.0, rect.left() + 108.0), cells[0], name);
        for (at, words) in cells[1..].iter().enumerate() {
            let font = if faint { text::meta() } else { text::mono_small() };
            let (left, right) = column(at);
            let place = (rect.left() + left, rect.left() + right);
            paint_cell(ui, rect, place, words, CellLook::new(font, colour).right());
        }
    };
    let titles = [t!("services.now"), t!("services.lowest"), t!("services.highest")];
    row(ui, None, ["", &titles[0], &titles[1], &titles[2]], true);
    for course in courses {
        let told = || instance.series.iter().map(course.of).filter(|value| !value.is_nan());
        let last = instance.series.back().map(course.of).filter(|value| !value.is_nan());
        let words = |value: Option<f32>| value.map_or_else(|| "–".to_owned(), course.words);
        let cells = [last, told().reduce(f32::min), told().reduce(f32::max)].map(words);
        row(ui, Some(course.colour), [&course.name, &cells[0], &cells[1], &cells[2]], false);
    }
}

fn plot(ui: &mut Ui, view: View<'_>, instance: &Instance, name: &str, courses: &[Course], high: Option<f64>) {
    let tokens = theme::tokens(ui);
    let now = view.world.now;
    let seconds = |at: SeenAt| at as f64 / 1_000.0;
    let from = instance.series.front().map_or(view.now, |sample| sample.at);
    let of = courses.first().map(|course| course.words);
    let y_words = move |mark: GridMark, _: &RangeInclusive<f64>| {
        of.map_or_else(String::new, |words| words(mark.value as f32))
    };
    let x_words =
        move |mark: GridMark, _: &RangeInclusive<f64>| clock_text((mark.value * 1_000.0) as SeenAt, now);
    ui.add_space(size::GRID);
    ui.scope(|ui| {
        // The labels of the axes are written in the style's small text.
        ui.visuals_mut().override_text_color = Some(tokens.faint);
        let mut plot = Plot::new(("metrics", name, &instance.key))
            .height(HEIGHT)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_drag(false)
            .allow_boxed_zoom(false)
            .allow_axis_zoom_drag(false)
            .allow_double_click_reset(false)
            .show_background(false)
            .grid_color(tokens.border)
            .set_margin_fraction(vec2(0.0, 0.06))
            .x_grid_spacer(|input: GridInput| time_marks(input.bounds))
            .y_grid_spacer(|input: GridInput| value_marks(input.bounds))
            .x_axis_formatter(x_words)
            .y_axis_formatter(y_words)
            .y_axis_min_width(44.0)
            .include_x(seconds(from))
            .include_x(seconds(view.now.max(from + 10_000)))
            .include_y(0.0);
        if let Some(high) = high {
            plot = plot.include_y(high);
        }
        let names = courses.iter().map(|course| course.name.clone()).collect::<Vec<_>>().join(", ");
        let shown = plot.show(ui, |plot| {
            for course in courses {
                for part in parts(instance, course.of) {
                    plot.line(
                        Line::new(course.name.clone(), PlotPoints::from(part))
                            .color(course.colour)
                            .width(1.5),
                    );
                }
            }
        });
        let words = t!("services.plot", metrics = names);
        shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    });
}

/// The stretches of a course that are known.
fn parts(instance: &Instance, of: fn(&Sample) -> f32) -> Vec<Vec<[f64; 2]>> {
    let step = instance.series.len().div_ceil(MOST_POINTS).max(1);
    let mut parts = vec![Vec::new()];
    for sample in instance.series.iter().step_by(step) {
        let value = of(sample);
        if value.is_nan() {
            if parts.last().is_some_and(|part| !part.is_empty()) {
                parts.push(Vec::new());
            }
        } else if let Some(part) = parts.last_mut() {
            part.push([sample.at as f64 / 1_000.0, f64::from(value)]);
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Marks at whole steps of the clock.
fn time_marks((from, to): (f64, f64)) -> Vec<GridMark> {
    marks(from, to, time_step(from, to))
}

fn time_step(from: f64, to: f64) -> f64 {
    let span = (to - from).max(1.0);
    STEPS.into_iter().find(|step| span / step <= MARKS).unwrap_or(86_400.0)
}

/// A few moments at whole steps of the clock, in seconds.
pub(super) fn time_steps(from: f64, to: f64) -> impl Iterator<Item = f64> {
    marks(from, to, time_step(from, to)).into_iter().map(|mark| mark.value)
}

/// Few marks at round values.
fn value_marks((from, to): (f64, f64)) -> Vec<GridMark> {
    let span = (to - from).max(1e-9);
    let rough = span / 3.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough);
    marks(from.max(0.0), to, step.unwrap_or(rough))
}

fn marks(from: f64, to: f64, step: f64) -> Vec<GridMark> {
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    // A grid is a handful of lines, whatever the bounds are.
    (first..=last.min(first + 20)).map(|at| GridMark { value: at as f64 * step, step_size: step }).collect()
}

#[cfg(test)]
mod tests {
    use super::{time_marks, value_marks};

    fn values(marks: Vec<egui_plot::GridMark>) -> Vec<f64> {
        marks.into_iter().map(|mark| mark.value).collect()
    }

    #[test]
    fn axes_are_marked_at_round_places() {
        assert_eq!(values(time_marks((118.0, 245.0))), [120.0, 180.0, 240.0]);
        assert_eq!(values(value_marks((-0.05, 1.05))), [0.0, 0.5, 1.0]);
        assert!(values(time_marks((0.0, 1e12))).len() <= 21, "whatever the bounds are");
    }
}

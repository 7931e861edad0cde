//! What the table's lines are painted of.

use egui::text::LayoutJob;
use egui::{Color32, CornerRadius, Rect, Ui, pos2, vec2};

use crate::ui::theme::{self, Tokens, size, text};
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::{elided, elided_job, format};

/// A text in a column.
pub(super) fn words(
    ui: &Ui,
    rect: Rect,
    column: (f32, f32),
    words: &str,
    font: egui::FontId,
    colour: Color32,
) {
    let galley = elided(ui.painter(), words, font, colour, column.1 - column.0);
    let at = pos2(column.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}

/// A name and a path in it: the path is what tells lines apart, so the name gives way first.
pub(super) fn name(ui: &Ui, rect: Rect, column: (f32, f32), name: &str, path: &str, repeated: bool) {
    let tokens = theme::tokens(ui);
    let room = column.1 - column.0;
    let font = text::mono();
    let path_galley = (!path.is_empty()).then(|| {
        let least = if repeated { room - 24.0 } else { room * 0.62 };
        elided(ui.painter(), path, font.clone(), tokens.text, least)
    });
    let taken = path_galley.as_ref().map_or(0.0, |galley| galley.size().x + size::PAD);
    let mut x = column.0;
    if !repeated || path.is_empty() {
        let galley = name_galley(ui, tokens, name, (room - taken).max(20.0), !path.is_empty());
        let at = pos2(x, rect.center().y - galley.size().y / 2.0);
        x += galley.size().x + size::PAD;
        ui.painter().galley(at, galley, tokens.text);
    } else {
        x += size::GROUP;
    }
    if let Some(galley) = path_galley {
        ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, tokens.text);
    }
}

/// A name with its folders in the second colour, its beginning cut off where it does not fit.
fn name_galley(
    ui: &Ui,
    tokens: &Tokens,
    name: &str,
    room: f32,
    is_folder: bool,
) -> std::sync::Arc<egui::Galley> {
    let font = text::mono();
    let sign = ui.painter().layout_no_wrap(String::from("0"), font.clone(), tokens.text).size().x.max(1.0);
    let fits = (room / sign) as usize;
    let count = name.chars().count();
    let mut job = LayoutJob::default();
    let mut shown = name;
    if count > fits && fits > 1 {
        let skip = count + 1 - fits;
        let at = name.char_indices().nth(skip).map_or(0, |(at, _)| at);
        shown = &name[at..];
        job.append("…", 0.0, format(font.clone(), tokens.faint));
    }
    let split = shown.rfind('/').map_or(0, |at| at + 1);
    let colour = if is_folder { tokens.second } else { tokens.text };
    job.append(&shown[..split], 0.0, format(font.clone(), tokens.second));
    job.append(&shown[split..], 0.0, format(font, colour));
    elided_job(ui.painter(), job, room)
}

/// A layer as a chip at the left of a column.
pub(super) fn chip(ui: &Ui, rect: Rect, column: (f32, f32), tone: Tone, label: &str) {
    let tokens = theme::tokens(ui);
    let colour = tone.colour(tokens);
    let room = column.1 - column.0 - size::DOT - 18.0;
    let galley = elided(ui.painter(), label, text::meta_medium(), colour, room);
    let height = size::CHIP.min(rect.height() - 4.0);
    let chip = Rect::from_min_size(
        pos2(column.0, rect.center().y - height / 2.0),
        vec2(galley.size().x + size::DOT + 18.0, height),
    );
    ui.painter().rect_filled(chip, CornerRadius::same((height / 2.0) as u8), tokens.soft(colour));
    dot(ui, pos2(chip.left() + 7.0 + size::DOT / 2.0, chip.center().y), tone);
    let at = pos2(chip.left() + 11.0 + size::DOT, chip.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}

/// A value of two that differ: what they have in common plain, what differs on a ground.
pub(super) fn differing(
    ui: &Ui,
    rect: Rect,
    column: (f32, f32),
    (value, other): (&str, &str),
    colour: Color32,
    ground: Color32,
) {
    let (start, end) = difference(value, other);
    let font = text::mono();
    let mut job = LayoutJob::default();
    let plain = format(font.clone(), colour);
    let marked = egui::text::TextFormat { background: ground, ..format(font, colour) };
    job.append(&value[..start], 0.0, plain.clone());
    job.append(&value[start..end], 0.0, marked);
    job.append(&value[end..], 0.0, plain);
    let galley = elided_job(ui.painter(), job, column.1 - column.0);
    ui.painter().galley(pos2(column.0, rect.center().y - galley.size().y / 2.0), galley, colour);
}

/// Where a text differs from another: behind what both begin with, before what both end with.
fn difference(value: &str, other: &str) -> (usize, usize) {
    let same = |one: char, two: char| one == two;
    let start: usize = value
        .chars()
        .zip(other.chars())
        .take_while(|(one, two)| same(*one, *two))
        .map(|(one, _)| one.len_utf8())
        .sum();
    let end: usize = value[start..]
        .chars()
        .rev()
        .zip(other[start..].chars().rev())
        .take_while(|(one, two)| same(*one, *two))
        .map(|(one, _)| one.len_utf8())
        .sum();
    (start, value.len() - end)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn what_differs_is_between_what_does_not() {
        let part = |one: &'static str, two: &str| {
            let (start, end) = difference(one, two);
            &one[start..end]
        };
        assert_eq!(part("pg-primary:5432", "pg-staging:5432"), "primary");
        assert_eq!(part("aa", "aaa"), "");
        assert_eq!(part("aaa", "aa"), "a");
        assert_eq!(part("键值", "键"), "值");
        assert_eq!(part("é", "è"), "é");
        assert_eq!(part("", "x"), "");
    }
}

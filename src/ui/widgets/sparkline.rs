//! A course over time in the room of a word.

use egui::{Color32, Rect, Shape, Stroke, Ui, pos2, vec2};

use crate::ui::theme::size;

/// One point is drawn for so many points of width, so that long courses cost no more than short ones.
const STEP: f32 = 2.0;

/// Paints a course, oldest first, between `low` and `high`. What is not known (NaN) leaves a gap.
pub fn paint(ui: &Ui, rect: Rect, values: &[f32], low: f32, high: f32, colour: Color32) {
    let stroke = Stroke::new(size::FOCUS, colour);
    let room = rect.shrink2(vec2(1.0, 3.0));
    let spread = (high - low).max(f32::EPSILON);
    let points = points_in(values, room.width());
    let last = points.len().saturating_sub(1).max(1) as f32;
    let mut run = Vec::new();
    let flush = |run: &mut Vec<egui::Pos2>| match run.len() {
        0 => {}
        1 => {
            ui.painter().circle_filled(run[0], size::FOCUS, colour);
            run.clear();
        }
        _ => {
            ui.painter().add(Shape::line(std::mem::take(run), stroke));
        }
    };
    for (at, value) in points.into_iter().enumerate() {
        if value.is_nan() {
            flush(&mut run);
            continue;
        }
        let x = room.left() + room.width() * at as f32 / last;
        let y = room.bottom() - room.height() * ((value - low) / spread).clamp(0.0, 1.0);
        run.push(pos2(x, y));
    }
    flush(&mut run);
}

/// The values that there is room for; where several fall together, the highest of them.
fn points_in(values: &[f32], width: f32) -> Vec<f32> {
    let most = ((width / STEP) as usize).max(2);
    if values.len() <= most {
        return values.to_vec();
    }
    let highest = |part: &[f32]| part.iter().copied().fold(f32::NAN, f32::max);
    (0..most).map(|at| highest(&values[at * values.len() / most..(at + 1) * values.len() / most])).collect()
}

#[cfg(test)]
mod tests {
    use super::points_in;

    #[test]
    fn long_courses_keep_their_peaks() {
        let mut values = vec![0.1; 1_000];
        values[617] = 0.9;
        let points = points_in(&values, 40.0);
        assert_eq!(points.len(), 20);
        assert!(points.contains(&0.9));
        let gap = points_in(&[f32::NAN; 1_000], 40.0);
        assert!(gap.iter().all(|value| value.is_nan()), "what is not known stays unknown");
        assert_eq!(points_in(&[0.5, 0.25], 40.0), [0.5, 0.25]);
    }
}

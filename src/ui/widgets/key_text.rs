//! Keys on screen: monospaced, the folder part in the second colour, the name in the primary one.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{FontId, Galley, Label, Painter, Response, Ui};

use super::{elided_job, format};
use crate::model::key_text::display_short;
use crate::ui::theme::{self, Tokens, text};

/// More characters of a name are never laid out (keys may be 64 KiB long).
const LONGEST: usize = 400;

/// The layout of a key whose name begins at `name_start`.
#[must_use]
pub fn key_job(tokens: &Tokens, key: &[u8], name_start: usize, font: &FontId) -> LayoutJob {
    let (folder, name) = key.split_at(name_start.min(key.len()));
    let mut job = LayoutJob::default();
    job.append(&display_short(folder, LONGEST), 0.0, format(font.clone(), tokens.second));
    job.append(&display_short(name, LONGEST), 0.0, format(font.clone(), tokens.text));
    job
}

/// Where the last name of a key begins: behind the last separator that is not its end.
#[must_use]
pub fn name_start(key: &[u8], separator: u8) -> usize {
    let body = key.strip_suffix(&[separator]).unwrap_or(key);
    body.iter().rposition(|byte| *byte == separator).map_or(0, |at| at + 1)
}

/// A key as a label, cut off where it does not fit; the whole key is its tooltip and its name.
pub fn key_label(ui: &mut Ui, key: &[u8], separator: u8) -> Response {
    let tokens = theme::tokens(ui);
    let job = key_job(tokens, key, name_start(key, separator), &text::mono());
    let whole = display_short(key, LONGEST).into_owned();
    ui.add(Label::new(job).truncate()).accessible_name(whole)
}

/// The line of a key for a painter, cut off at `max_width`.
pub fn paint_key(
    painter: &Painter,
    tokens: &Tokens,
    key: &[u8],
    separator: u8,
    font: &FontId,
    max_width: f32,
) -> Arc<Galley> {
    elided_job(painter, key_job(tokens, key, name_start(key, separator), font), max_width)
}

#[cfg(test)]
mod tests {
    use super::name_start;

    #[test]
    fn the_name_is_what_follows_the_last_separator() {
        assert_eq!(name_start(b"/config/a", b'/'), 8);
        assert_eq!(name_start(b"/config/", b'/'), 1);
        assert_eq!(name_start(b"plain", b'/'), 0);
        assert_eq!(name_start(b"/", b'/'), 0);
        assert_eq!(name_start(b"", b'/'), 0);
        assert_eq!(name_start(b"a//", b'/'), 2);
    }
}

//! Keys on screen: monospaced, the folder part in the second colour, the name in the primary one.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{FontId, Galley, Label, Painter, Response, Ui};

use super::{elided, elided_job, format};
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

/// The line of a key for a painter; where it does not fit, its outer folders give way to `…`, and its
/// name is cut last, in its middle: names that are alike often differ in their ends.
pub fn paint_key_tail(
    painter: &Painter,
    tokens: &Tokens,
    key: &[u8],
    separator: u8,
    font: &FontId,
    max_width: f32,
) -> Arc<Galley> {
    let sign = painter.layout_no_wrap(String::from("0"), font.clone(), tokens.text).size().x.max(1.0);
    let room = (max_width / sign) as usize;
    let tail = tail_start(key, separator, room);
    let name = name_start(key, separator).max(tail);
    if tail == name {
        // Without what says that folders were left out where the whole name fits only so.
        let whole = display_short(&key[name..], LONGEST);
        if whole.chars().count() >= room {
            let cut = cut_middle(&whole, room).unwrap_or_else(|| whole.into_owned());
            return elided(painter, cut, font.clone(), tokens.text, max_width);
        }
    }
    if tail == 0 {
        return paint_key(painter, tokens, key, separator, font, max_width);
    }
    let mut job = LayoutJob::default();
    job.append("…", 0.0, format(font.clone(), tokens.faint));
    job.append(&display_short(&key[tail..name], LONGEST), 0.0, format(font.clone(), tokens.second));
    job.append(&display_short(&key[name..], LONGEST), 0.0, format(font.clone(), tokens.text));
    elided_job(painter, job, max_width)
}

/// A name of more than `room` signs without its middle; more of its end is kept than of its beginning.
fn cut_middle(name: &str, room: usize) -> Option<String> {
    let count = name.chars().count();
    if count <= room {
        return None;
    }
    let kept = room.saturating_sub(1);
    let head = kept / 3;
    let end = name.chars().skip(count - (kept - head));
    Some(name.chars().take(head).chain(['…']).chain(end).collect())
}

/// Where to begin so that about `room` signs are enough: 0, the separator before an inner folder, or
/// the name. Bytes are counted, which leaves too much room rather than too little.
fn tail_start(key: &[u8], separator: u8, room: usize) -> usize {
    if key.len() <= room {
        return 0;
    }
    let name = name_start(key, separator);
    (1..name).filter(|at| key[*at] == separator).find(|at| key.len() - at < room).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{cut_middle, name_start, tail_start};

    #[test]
    fn outer_folders_give_way_before_the_name() {
        let key = b"/config/production/routes.json";
        assert_eq!(tail_start(key, b'/', 30), 0);
        assert_eq!(&key[tail_start(key, b'/', 26)..], b"/production/routes.json");
        assert_eq!(&key[tail_start(key, b'/', 14)..], b"/routes.json");
        assert_eq!(&key[tail_start(key, b'/', 3)..], b"routes.json");
        assert_eq!(tail_start(b"plain-name", b'/', 3), 0);
    }

    #[test]
    fn names_that_differ_in_their_ends_alone_stay_apart() {
        assert_eq!(cut_middle("warehouse-shard-1001", 20), None);
        assert_eq!(cut_middle("warehouse-shard-1001", 10).as_deref(), Some("war…d-1001"));
        assert_eq!(cut_middle("warehouse-shard-1002", 10).as_deref(), Some("war…d-1002"));
        assert_eq!(cut_middle("中文锁一", 3).as_deref(), Some("…锁一"));
        assert_eq!(cut_middle("abc", 0).as_deref(), Some("…"));
    }

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

//! What a search found, in place of the tree: a flat list with the matches marked.

use std::ops::Range;

use egui::accesskit::Role;
use egui::text::LayoutJob;
use egui::{
    Align, EventFilter, Frame, Key as Press, Label, Layout, Margin, Sense, Ui, UiBuilder, pos2, vec2,
};
use rust_i18n::t;

use super::{SessionView, menu, tree};
use crate::action::{Action, Actions};
use crate::model::key_text::{display_key, display_short, preview_value};
use crate::model::search::{SearchHit, SearchMode, SearchResult};
use crate::model::session::Session;
use crate::model::tree_item::TreeItem;
use crate::model::world::World;
use crate::ui::theme::{self, Tokens, icons, size, text};
use crate::ui::widgets::key_text::name_start;
use crate::ui::widgets::list::{RowPlaces, row_ground};
use crate::ui::widgets::{VirtualList, count_text, elided, elided_job, empty_state, fault_line, format};

/// So much of a key is laid out.
const MAX_KEY_BYTES: usize = 400;
/// Bytes before the first match that stay in sight, where the match lies far behind.
const BEFORE_MATCH: usize = 24;
/// The end of a key is shown apart from its match if there is room for so many bytes of it.
const LEAST_END: usize = 8;
/// A name that ends within so many bytes behind the match is shown to its end.
const NEAR_BYTES: usize = 16;

/// Draws the list.
pub fn show(ui: &mut Ui, world: &World, session: &Session, view: &mut SessionView, actions: &mut Actions) {
    let search = &session.search;
    summary(ui, session);
    let Some(result) = search.result.value() else { return };
    if result.hits.is_empty() {
        if !search.result.is_pending() {
            let hint = match search.query.mode {
                SearchMode::Substring => t!("keys.results.none_hint_substring"),
                SearchMode::Fuzzy => t!("keys.results.none_hint_fuzzy"),
                SearchMode::Values => t!("keys.results.none_hint_values"),
            };
            empty_state(ui, icons::MAGNIFYING_GLASS, &t!("keys.results.none"), &hint, None);
        }
        return;
    }
    let id = tree::list_id(session);
    let list = tree::keyboard_area(ui, id);
    let name = t!("keys.results.name");
    list.widget_info(|| egui::WidgetInfo::labeled(Role::ListBox, true, &name));
    view.hit = view.hit.min(result.hits.len() - 1);
    if tree::may_use_keyboard(ui, world, id) {
        keyboard(ui, session, view, result, actions);
    }
    if list.has_focus() {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    }
    let child =
        UiBuilder::new().id_salt(id).accessibility_parent(id).max_rect(ui.available_rect_before_wrap());
    let focused = list.has_focus();
    ui.scope_builder(child, |ui| {
        let rows = VirtualList::new(id.with("hits"), result.hits.len(), theme::row_height(&world.settings));
        let output = rows.reveal(view.reveal.take()).show(ui, |ui, sight, places| {
            for at in sight {
                if let Some(hit) = result.hits.get(at) {
                    row(ui, session, view, result, at, hit, &places, focused, actions);
                }
            }
        });
        view.page = output.page;
    });
}

/// How many there are, and whether the search is still going on.
fn summary(ui: &mut Ui, session: &Session) {
    let tokens = theme::tokens(ui);
    let search = &session.search;
    Frame::new().inner_margin(Margin::symmetric(12, 0)).show(ui, |ui| {
        if let Some(fault) = search.result.fault() {
            fault_line(ui, fault);
        }
        let room = vec2(ui.available_width(), size::ROW);
        ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
            // Looking again because keys have changed is not worth a word each second.
            let answered = search.result.value().is_some_and(|result| result.query == search.query);
            if search.result.is_pending() && !answered {
                ui.label(tokens.hint(t!("keys.results.searching")));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                if let Some(result) = search.result.value() {
                    ui.add(Label::new(tokens.meta(total(result))).truncate());
                }
            });
        });
        if let Some(result) = search.result.value().filter(|result| result.values_missing > 0) {
            let missing = t!("keys.results.values_missing", count = count_text(result.values_missing));
            ui.add(Label::new(tokens.hint(missing)).wrap());
        }
    });
}

fn total(result: &SearchResult) -> String {
    let all = count_text(result.total);
    if result.total > result.hits.len() as u64 {
        t!("keys.results.first", count = all, shown = count_text(result.hits.len() as u64)).into_owned()
    } else if result.total == 1 {
        t!("keys.results.one").into_owned()
    } else {
        t!("keys.results.total", count = all).into_owned()
    }
}

fn keyboard(
    ui: &Ui,
    session: &Session,
    view: &mut SessionView,
    result: &SearchResult,
    actions: &mut Actions,
) {
    let id = tree::list_id(session);
    for (press, _) in tree::take_presses(ui, id) {
        match press {
            Press::Enter => {
                if let Some(hit) = result.hits.get(view.hit) {
                    view.keep_open(session, &hit.key, actions);
                }
            }
            Press::ArrowLeft | Press::ArrowRight | Press::A => {}
            _ => {
                let page = view.page.saturating_sub(1).max(1);
                view.hit = tree::moved(Some(view.hit), press, page, result.hits.len());
                view.reveal = Some(view.hit);
                if let Some(hit) = result.hits.get(view.hit) {
                    let item = TreeItem::key(hit.key.clone());
                    actions.push(Action::Select { rows: vec![item.clone()], cursor: Some(item) });
                }
                ui.memory_mut(|memory| memory.request_focus(id));
            }
        }
    }
}

fn row(
    ui: &mut Ui,
    session: &Session,
    view: &mut SessionView,
    result: &SearchResult,
    at: usize,
    hit: &SearchHit,
    places: &RowPlaces,
    focused: bool,
    actions: &mut Actions,
) {
    let tokens = theme::tokens(ui);
    let rect = places.rect(at);
    let response = ui.interact(rect, ui.scope_id().with(&hit.key), Sense::CLICK);
    let item = TreeItem::key(hit.key.clone());
    let selected = session.selected.contains(&item);
    let label = display_short(&hit.key, 512);
    response.widget_info(|| egui::WidgetInfo::selected(Role::ListBoxOption, true, selected, &label));
    row_ground(ui, rect, selected, response.hovered(), focused && at == view.hit);
    let inner = rect.shrink2(vec2(size::PAD + size::GRID, 0.0));
    let mut room = inner.width();
    let painter = ui.painter();
    if result.query.mode == SearchMode::Values
        && let Some(value) = session.keyspace.get(&hit.key).and_then(|view| view.value)
    {
        let preview =
            elided(painter, preview_value(value, 80), text::mono_small(), tokens.faint, room * 0.45);
        let x = inner.right() - preview.size().x;
        painter.galley(pos2(x, rect.center().y - preview.size().y / 2.0), preview.clone(), tokens.faint);
        room -= preview.size().x + size::PAD;
    }
    let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&text::mono(), 'm')).max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
    let fitting = (room / glyph).max(1.0) as usize;
    let galley = elided_job(painter, marked(tokens, hit, session.keyspace.separator(), fitting), room);
    painter.galley(pos2(inner.left(), rect.center().y - galley.size().y / 2.0), galley, tokens.text);
    response.context_menu(|ui| {
        ui.set_min_width(220.0);
        menu::for_key(ui, session, &hit.key, actions);
    });
    if response.clicked() {
        view.hit = at;
        ui.memory_mut(|memory| memory.request_focus(tree::list_id(session)));
        actions.push(Action::Select { rows: vec![item.clone()], cursor: Some(item) });
        if response.double_clicked() {
            view.keep_open(session, &hit.key, actions);
        } else {
            view.look_at(session, &hit.key, actions);
        }
    }
    response.on_hover_ui(|ui| {
        ui.label(tokens.mono(display_short(&hit.key, 600)));
    });
}

/// The parts of a key that are shown where there is room for about `fitting` characters: all of it
/// where it fits, else its matches and as much of its end as there is room for, as keys that are found
/// together mostly differ there.
fn parts(hit: &SearchHit, separator: u8, fitting: usize) -> Vec<Range<usize>> {
    let length = hit.key.len();
    let first = hit.ranges.first().map_or(length, |(start, _)| *start as usize).min(length);
    let last = hit.ranges.last().map_or(length, |(_, end)| *end as usize).min(length);
    if length <= fitting {
        return std::iter::once(0..length).collect();
    }
    let end_of = |room: usize| whole(&hit.key, length - room.min(length));
    let tail = end_of(fitting.saturating_sub(1));
    if first >= tail {
        return std::iter::once(tail.min(first)..length).collect();
    }
    let before = first.saturating_sub(BEFORE_MATCH.min(fitting / 3));
    let starts = if last < fitting { [0, first] } else { [before, first] };
    let both = |least: usize| {
        starts.map(|start| whole(&hit.key, start).min(first)).into_iter().find_map(|start| {
            // On to the end of the name that the match ends in, if it is near.
            let near = &hit.key[last..length.min(last + NEAR_BYTES)];
            let name = near.iter().position(|byte| *byte == separator).map_or(last, |at| last + at + 1);
            [name, last].into_iter().filter(|head| *head >= start).find_map(|head| {
                let room = fitting.saturating_sub(head - start + 1 + usize::from(start > 0));
                (room >= least).then(|| Vec::from([start..head, end_of(room).max(head)..length]))
            })
        })
    };
    // The match and the last name; the last name and the end of the match; the match and some end.
    let name = length - name_start(&hit.key, separator);
    if let Some(parts) = both(name.max(LEAST_END)) {
        return parts;
    }
    if last >= tail + LEAST_END && name < fitting {
        return std::iter::once(tail..length).collect();
    }
    if let Some(parts) = both(LEAST_END) {
        return parts;
    }
    let start = whole(&hit.key, if last < fitting { 0 } else { before }).min(first);
    std::iter::once(start..length.min(start + MAX_KEY_BYTES)).collect()
}

/// The next place that is not within a character.
fn whole(key: &[u8], mut at: usize) -> usize {
    while at < key.len() && key[at] & 0xc0 == 0x80 {
        at += 1;
    }
    at
}

/// The key with its matches marked; `fitting` is about how many characters there is room for.
fn marked(tokens: &Tokens, hit: &SearchHit, separator: u8, fitting: usize) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = format(text::mono(), tokens.second);
    let mut mark = format(text::mono_strong(), tokens.text);
    mark.background = tokens.soft(tokens.accent);
    let rest = if hit.ranges.is_empty() { format(text::mono(), tokens.text) } else { plain.clone() };
    let mut shown = 0;
    for part in parts(hit, separator, fitting) {
        if part.start > shown {
            job.append("…", 0.0, plain.clone());
        }
        let mut at = part.start;
        for (from, to) in &hit.ranges {
            let (from, to) = ((*from as usize).clamp(at, part.end), (*to as usize).clamp(at, part.end));
            job.append(&display_key(&hit.key[at..from]), 0.0, plain.clone());
            job.append(&display_key(&hit.key[from..to.max(from)]), 0.0, mark.clone());
            at = to.max(from);
        }
        job.append(&display_key(&hit.key[at..part.end]), 0.0, rest.clone());
        shown = part.end;
    }
    if shown < hit.key.len() {
        job.append("…", 0.0, plain);
    }
    job
}

#[cfg(test)]
mod tests {
    use super::marked;
    use crate::model::bytes::Key;
    use crate::model::search::SearchHit;
    use crate::ui::theme;

    fn text(key: &[u8], ranges: Vec<(u32, u32)>) -> String {
        let ctx = egui::Context::default();
        marked(theme::tokens(&ctx), &SearchHit { key: Key::from(key), ranges }, b'/', 24).text
    }

    #[test]
    fn a_marked_key_is_the_whole_key() {
        assert_eq!(text(b"/a/b\xffc", vec![(1, 2), (3, 5)]), r"/a/b\xffc");
        assert_eq!(text(b"abc", Vec::new()), "abc");
        assert_eq!(text(b"abc", vec![(2, 1), (9, 12)]), "abc", "ranges that lie are cut");
    }

    #[test]
    fn a_match_far_behind_is_in_sight() {
        let mut key = vec![b'k'; 60_000];
        key.extend_from_slice(b"needle");
        let shown = text(&key, vec![(60_000, 60_006)]);
        assert!(shown.starts_with('…') && shown.ends_with("needle"), "{shown}");
        let shown = text(b"/config/production/api-gateway/routes.json", vec![(31, 35)]);
        assert_eq!(shown, "…api-gateway/routes.json", "the end stays in sight");
        let shown = text(b"/config/production/api-gateway/routes.json", vec![(1, 4)]);
        assert_eq!(shown, "/config/…way/routes.json", "the match and the end");
        let shown = text(b"/config/production/gateway/routes/user-service-v2", vec![(8, 18)]);
        assert_eq!(shown, "…production/…-service-v2", "what is found together differs at the end");
        let shown = text(b"/config/production/gateway/routes/user-v2", vec![(8, 33)]);
        assert_eq!(shown, "…/gateway/routes/user-v2", "the last name is whole");
        let shown = text("中中中中中中中中中中中中x".as_bytes(), vec![(36, 37)]);
        assert!(!shown.contains('\\'), "characters stay whole: {shown}");
    }
}

//! The table of members, one line each, with its fault below where it has one.

use egui::accesskit::Role;
use egui::{Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use crate::action::{Action, Actions};
use crate::model::session::Session;
use crate::model::status::MemberStatus;
use crate::ui::theme::{self, icons, size, text};
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::notice::fault_words;
use crate::ui::widgets::{bytes_text, count_text, elided, fault_line};

/// Height of a line.
const LINE: f32 = 36.0;

/// A column: its title, its share of the width, whether it is aligned at its right.
struct Column {
    title: &'static str,
    share: f32,
    right: bool,
}

const COLUMNS: [Column; 9] = [
    Column { title: "cluster.column.name", share: 1.6, right: false },
    Column { title: "cluster.column.endpoint", share: 2.2, right: false },
    Column { title: "cluster.column.version", share: 0.9, right: false },
    Column { title: "cluster.column.role", share: 1.1, right: false },
    Column { title: "cluster.column.db_size", share: 1.0, right: true },
    Column { title: "cluster.column.term", share: 0.7, right: true },
    Column { title: "cluster.column.index", share: 1.1, right: true },
    Column { title: "cluster.column.lag", share: 0.7, right: true },
    Column { title: "cluster.column.latency", share: 0.9, right: true },
];

/// The places of the columns in a line.
fn places(rect: Rect) -> [Rect; COLUMNS.len()] {
    let all: f32 = COLUMNS.iter().map(|column| column.share).sum();
    let room = rect.width() - size::PAD;
    let mut x = rect.left();
    COLUMNS.each_ref().map(|column| {
        let width = room * column.share / all;
        let place = Rect::from_min_size(pos2(x, rect.top()), vec2(width - size::PAD, rect.height()));
        x += width;
        place
    })
}

/// What to call a member.
pub fn name_of(member: &MemberStatus) -> String {
    if member.name.is_empty() { member.endpoint.clone() } else { member.name.clone() }
}

/// A latency: `840 µs`, `1.2 ms`, `1.5 s`.
fn latency_text(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// How many entries a member is behind the highest index.
fn lag(member: &MemberStatus, highest: u64) -> u64 {
    highest.saturating_sub(member.raft_index)
}

/// Draws the table.
pub fn show(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    ui.spacing_mut().item_spacing.y = 0.0;
    header(ui);
    let members = &session.cluster.members;
    let answering = members.iter().filter(|member| member.fault.is_none());
    let highest = answering.map(|member| member.raft_index).max().unwrap_or(0);
    for member in members {
        let watched = session.cluster.watching.as_ref() == Some(&member.endpoint);
        line(ui, member, highest, watched, actions);
        if let Some(fault) = &member.fault {
            ui.indent(&member.endpoint, |ui| fault_line(ui, fault));
            ui.add_space(size::GRID);
        }
        let rect = ui.available_rect_before_wrap();
        ui.painter().hline(rect.x_range(), rect.top(), theme::tokens(ui).line());
    }
}

fn header(ui: &mut Ui) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    for (column, place) in COLUMNS.iter().zip(places(rect)) {
        cell(ui, place, &t!(column.title), column.right, text::meta_medium(), tokens.faint);
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn cell(ui: &Ui, place: Rect, words: &str, right: bool, font: egui::FontId, colour: egui::Color32) {
    let galley = elided(ui.painter(), words, font, colour, place.width());
    let x = if right { place.right() - galley.size().x } else { place.left() };
    ui.painter().galley(pos2(x, place.center().y - galley.size().y / 2.0), galley, colour);
}

fn line(ui: &mut Ui, member: &MemberStatus, highest: u64, watched: bool, actions: &mut Actions) {
    let tokens = theme::tokens(ui);
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), LINE));
    let response = ui.interact(rect, ui.scope_id().with(&member.endpoint), Sense::click());
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, size::RADIUS_SMALL, tokens.hover);
    }
    let [name_at, endpoint_at, version_at, role_at, db_at, term_at, index_at, lag_at, latency_at] =
        places(rect);
    let name = name_of(member);
    let (role, tone) = role_of(member);

    dot(ui, pos2(name_at.left() + 6.0, rect.center().y), tone);
    let mut name_place = name_at;
    name_place.min.x += 20.0;
    if watched {
        name_place.max.x -= size::ICON + size::GRID;
        let galley = elided(ui.painter(), name.as_str(), text::medium(), tokens.text, name_place.width());
        let eye = pos2(name_place.left() + galley.size().x + size::ICON - 2.0, rect.center().y);
        paint_icon(ui, eye, icons::EYE, size::ICON_SMALL, tokens.accent);
    }
    cell(ui, name_place, &name, false, text::medium(), tokens.text);
    cell(ui, endpoint_at, &member.endpoint, false, text::mono_small(), tokens.second);
    let answers = member.fault.is_none();
    let known = |words: String| if answers { words } else { "–".to_owned() };
    let version = if member.version.is_empty() { "–".to_owned() } else { member.version.clone() };
    cell(ui, version_at, &version, false, text::mono_small(), tokens.second);
    cell(ui, role_at, &role, false, text::meta_medium(), tone.colour(tokens));
    let lag = lag(member, highest);
    let db_size = bytes_text(u64::try_from(member.db_size_bytes).unwrap_or(0));
    let latency = member.latency_us.map_or_else(|| "–".to_owned(), latency_text);
    let mono = text::mono_small;
    cell(ui, db_at, &known(db_size), true, mono(), tokens.second);
    cell(ui, term_at, &known(member.raft_term.to_string()), true, mono(), tokens.second);
    cell(ui, index_at, &known(count_text(member.raft_index)), true, mono(), tokens.second);
    cell(ui, lag_at, &known(count_text(lag)), true, mono(), tokens.second);
    cell(ui, latency_at, &known(latency.clone()), true, mono(), tokens.second);
    response.widget_info(|| {
        let state = member.fault.as_ref().map_or_else(|| role.clone(), fault_words);
        let label = t!("cluster.line", name = name, state = state, endpoint = member.endpoint);
        egui::WidgetInfo::labeled(Role::Button, true, label)
    });
    response.context_menu(|ui| {
        if ui.button(t!("cluster.copy_endpoint")).clicked() {
            actions.push(Action::CopyText(member.endpoint.clone()));
            ui.close();
        }
        if member.id != 0 && ui.button(t!("cluster.copy_id")).clicked() {
            actions.push(Action::CopyText(format!("{:x}", member.id)));
            ui.close();
        }
    });
    response.on_hover_ui(|ui| {
        ui.label(tokens.strong(name.clone()));
        if member.id != 0 {
            ui.label(tokens.mono_meta(format!("id {:x}", member.id)));
        }
        if watched {
            ui.label(tokens.meta(t!("cluster.watched_hint")));
        }
    });
}

/// The role in words, and its tone.
fn role_of(member: &MemberStatus) -> (String, Tone) {
    let (words, tone) = if member.fault.is_some() {
        (t!("cluster.role.down"), Tone::Danger)
    } else if member.is_leader {
        (t!("cluster.role.leader"), Tone::Live)
    } else if member.is_learner {
        (t!("cluster.role.learner"), Tone::Waiting)
    } else {
        (t!("cluster.role.follower"), Tone::Plain)
    };
    (words.into_owned(), tone)
}

#[cfg(test)]
mod tests {
    use super::{lag, latency_text};
    use crate::model::status::MemberStatus;

    #[test]
    fn latencies_keep_their_unit_readable() {
        assert_eq!(latency_text(840), "840 µs");
        assert_eq!(latency_text(1_250), "1.2 ms");
        assert_eq!(latency_text(1_500_000), "1.5 s");
    }

    #[test]
    fn the_member_in_front_has_no_lag() {
        let member = |raft_index| MemberStatus { raft_index, ..MemberStatus::default() };
        assert_eq!(lag(&member(90), 100), 10);
        assert_eq!(lag(&member(101), 100), 0);
    }
}

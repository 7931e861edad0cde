//! The table: one line for each write, newest first.

use egui::accesskit::Role;
use egui::{Color32, FontId, Id, Rect, Sense, Ui, pos2, vec2};
use rust_i18n::t;

use super::{AuditState, words};
use crate::model::audit::{AuditEntry, AuditOperation, AuditPage};
use crate::model::key_text::{display_short, neutral};
use crate::model::profile::ProfileColour;
use crate::model::world::World;
use crate::ui::theme::{self, size, text};
use crate::ui::widgets::chip::dot;
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, clock_text, elided, paint_key_tail};

/// Widths of the columns that do not stretch.
const WHEN: f32 = 140.0;
const PROFILE: f32 = 112.0;
const USER: f32 = 84.0;
const OPERATION: f32 = 76.0;
const REVISIONS: f32 = 158.0;
const OUTCOME: f32 = 118.0;
/// Narrower tables leave columns out, in this order.
const ROOM_FOR_USER: f32 = 1_000.0;
const ROOM_FOR_REVISIONS: f32 = 780.0;
const ROOM_FOR_PROFILE: f32 = 660.0;
/// Characters of a key that are ever laid out.
const LONGEST: usize = 300;

type Span = (f32, f32);

/// Where the columns begin and end.
struct Columns {
    when: Span,
    profile: Option<Span>,
    user: Option<Span>,
    operation: Span,
    key: Span,
    revisions: Option<Span>,
    outcome: Span,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let gap = 12.0;
        let (mut left, mut right) = (rect.left() + size::GROUP, rect.right() - size::GROUP);
        let width = rect.width();
        let mut from_left = |column: f32, shown: bool| {
            shown.then(|| {
                let begin = left;
                left += column + gap;
                (begin, begin + column)
            })
        };
        let when = from_left(WHEN, true).unwrap_or_default();
        let profile = from_left(PROFILE, width >= ROOM_FOR_PROFILE);
        let user = from_left(USER, width >= ROOM_FOR_USER);
        let operation = from_left(OPERATION, true).unwrap_or_default();
        let mut from_right = |column: f32, shown: bool| {
            shown.then(|| {
                let end = right;
                right -= column + gap;
                (end - column, end)
            })
        };
        let outcome = from_right(OUTCOME, true).unwrap_or_default();
        let revisions = from_right(REVISIONS, width >= ROOM_FOR_REVISIONS);
        Self { when, profile, user, operation, key: (left, right), revisions, outcome }
    }
}

/// Draws the table; a line chooses its entry.
pub(super) fn show(
    ui: &mut Ui,
    world: &World,
    page: &AuditPage,
    chosen: Option<usize>,
    state: &mut AuditState,
) {
    header(ui);
    let mut list = ListBox::begin(ui, world, Id::unique("audit"), &t!("audit.title"));
    if let Some((at, _)) = list.step(ui, chosen, page.entries.len())
        && let Some(entry) = page.entries.get(at)
    {
        state.chosen = Some(entry.number);
    }
    let focused = list.has_focus();
    let height = theme::row_height(&world.settings) + size::GRID;
    let output = list.show(ui, page.entries.len(), height, |ui, sight, places| {
        for at in sight {
            if let Some(entry) = page.entries.get(at) {
                let is_chosen = chosen == Some(at);
                row(ui, world, entry, places.rect(at), is_chosen, focused, state);
            }
        }
    });
    state.last_in_sight = output.visible.end;
}

fn header(ui: &mut Ui) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let columns = Columns::of(rect);
    let cells = [
        (Some(columns.when), t!("audit.column.when")),
        (columns.profile, t!("audit.column.profile")),
        (columns.user, t!("audit.column.user")),
        (Some(columns.operation), t!("audit.column.operation")),
        (Some(columns.key), t!("audit.column.key")),
        (columns.revisions, t!("audit.column.revisions")),
        (Some(columns.outcome), t!("audit.column.outcome")),
    ];
    for (column, title) in cells {
        if let Some(column) = column {
            cell(ui, rect, column, &title, text::meta_medium(), tokens.faint);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

fn cell(ui: &Ui, rect: Rect, (left, right): Span, words: &str, font: FontId, colour: Color32) {
    let galley = elided(ui.painter(), words, font, colour, right - left);
    let at = pos2(left, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}

fn row(
    ui: &mut Ui,
    world: &World,
    entry: &AuditEntry,
    rect: Rect,
    chosen: bool,
    focused: bool,
    state: &mut AuditState,
) {
    let tokens = theme::tokens(ui);
    let response = ui.interact(rect, ui.scope_id().with(entry.number), Sense::CLICK);
    let write = &entry.write;
    let when = clock_text(write.at, world.now);
    let operation = words::operation(write.operation);
    let (tone, outcome) = words::outcome(&write.outcome);
    let revisions = words::revisions(entry);
    response.widget_info(|| {
        let label = t!(
            "audit.row",
            when = when,
            profile = neutral(&write.profile),
            operation = operation,
            key = display_short(&write.key, LONGEST),
            revisions = revisions,
            outcome = outcome
        );
        egui::WidgetInfo::selected(Role::ListBoxOption, true, chosen, label)
    });
    row_ground(ui, rect, chosen, response.hovered(), chosen && focused);
    let columns = Columns::of(rect);
    let y = rect.center().y;
    cell(ui, rect, columns.when, &when, text::mono_small(), tokens.second);
    if let Some((left, right)) = columns.profile {
        let colour = tokens.profile(profile_colour(world, &write.profile));
        if !write.profile.is_empty() {
            let mark = Rect::from_center_size(pos2(left + 4.0, y), vec2(8.0, 8.0));
            ui.painter().rect_filled(mark, 2, colour.unwrap_or(tokens.border));
        }
        cell(ui, rect, (left + 16.0, right), &neutral(&write.profile), text::body(), tokens.text);
    }
    if let Some(column) = columns.user {
        let user = write.user.as_deref().unwrap_or("–");
        cell(ui, rect, column, &neutral(user), text::body(), tokens.second);
    }
    let ends = matches!(write.operation, AuditOperation::Delete | AuditOperation::RevokeLease);
    let colour = if ends { tokens.danger } else { tokens.text };
    cell(ui, rect, columns.operation, &operation, text::medium(), colour);
    if write.operation == AuditOperation::Note {
        cell(
            ui,
            rect,
            (columns.key.0, rect.right() - OUTCOME - 40.0),
            write.outcome.detail(),
            text::body(),
            tokens.second,
        );
    } else {
        let separator = world.active_session().map_or(b'/', |session| session.keyspace.separator());
        let room = columns.key.1 - columns.key.0;
        let galley = paint_key_tail(ui.painter(), tokens, &write.key, separator, &text::mono(), room);
        ui.painter().galley(pos2(columns.key.0, y - galley.size().y / 2.0), galley, tokens.text);
    }
    if let Some(column) = columns.revisions {
        cell(ui, rect, column, &revisions, text::mono_small(), tokens.second);
    }
    let (left, right) = columns.outcome;
    dot(ui, pos2(left + 4.0, y), tone);
    cell(ui, rect, (left + 16.0, right), &outcome, text::body(), tone.colour(tokens));
    if response.clicked() {
        state.chosen = if chosen { None } else { Some(entry.number) };
        ListBox::focus(ui, Id::unique("audit"));
    }
}

/// The colour of the profile of this name, of an open connection or among those kept.
pub(super) fn profile_colour(world: &World, name: &str) -> ProfileColour {
    let open = world.sessions.iter().map(|session| &session.profile);
    let known = open.chain(&world.profiles).find(|profile| profile.name == name);
    known.map_or(ProfileColour::None, |profile| profile.colour)
}

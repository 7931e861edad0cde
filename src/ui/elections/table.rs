//! The table of elections: one line each, the cluster itself first.

use egui::accesskit::Role;
use egui::{FontId, Id, Rect, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::detail::changes_text;
use super::listed::{Election, Row};
use super::raft;
use crate::action::{Action, Actions};
use crate::model::coordination::{ClaimForm, ClaimKind, Confidence};
use crate::model::key_text::display_short;
use crate::model::leadership::Leader;
use crate::model::session::Session;
use crate::model::world::World;
use crate::ui::coordination::{LeasesInSight, lasted, owner_or_lease};
use crate::ui::theme::{self, icons, size, text};
use crate::ui::ttl;
use crate::ui::widgets::button::paint_icon;
use crate::ui::widgets::chip::{Tone, dot};
use crate::ui::widgets::list::row_ground;
use crate::ui::widgets::{ListBox, count_text, elided, paint_key_tail};

/// Widths of the columns that do not stretch.
const CANDIDATES: f32 = 52.0;
const CHANGES: f32 = 104.0;
const SINCE: f32 = 84.0;
const LEFT: f32 = 110.0;
/// Narrower tables leave out what leases have left.
const ROOM_FOR_TTL: f32 = 820.0;
/// Narrower ones leave out how many candidates there are, too.
const ROOM_FOR_CANDIDATES: f32 = 660.0;
/// Narrower ones leave out since when somebody leads, too.
const ROOM_FOR_SINCE: f32 = 500.0;

type Column = (f32, f32);

/// Where the columns begin and end.
struct Columns {
    name: Column,
    leader: Column,
    since: Option<Column>,
    candidates: Option<Column>,
    changes: Column,
    ttl: Option<Column>,
}

impl Columns {
    fn of(rect: Rect) -> Self {
        let pad = size::GROUP;
        let (left, mut right) = (rect.left() + pad, rect.right() - pad);
        let width = rect.width();
        let mut take = |column: f32| {
            let end = right;
            right -= column + pad;
            (end - column, end)
        };
        let ttl = (width >= ROOM_FOR_TTL).then(|| take(LEFT));
        let changes = take(CHANGES);
        let candidates = (width >= ROOM_FOR_CANDIDATES).then(|| take(CANDIDATES));
        let since = (width >= ROOM_FOR_SINCE).then(|| take(SINCE));
        let name_width = ((right - left) * 0.56).max(60.0);
        let name = (left, left + name_width - pad);
        Self { name, leader: (left + name_width, right), since, candidates, changes, ttl }
    }
}

/// The table.
pub struct Table<'a> {
    /// Everything.
    pub world: &'a World,
    /// The connection.
    pub session: &'a Session,
    /// Its lines.
    pub rows: &'a [Row<'a>],
    /// The line that is chosen.
    pub chosen: Option<usize>,
    /// Leases in sight.
    pub leases: &'a mut LeasesInSight,
}

/// What a line says, whatever it is about.
struct Cells {
    leader: String,
    tone: Tone,
    since: String,
    candidates: String,
    changes: String,
    alert: bool,
}

impl Table<'_> {
    /// Draws it; a line chooses its election.
    pub fn show(&mut self, ui: &mut Ui, actions: &mut Actions) {
        ui.spacing_mut().item_spacing.y = 0.0;
        header(ui, self.session.profile.coordination.alert_minutes);
        let height = theme::row_height(&self.world.settings) + size::PAD;
        // One line alone leaves room for what is said below it.
        let room = ui.available_rect_before_wrap();
        let room = if self.rows.len() == 1 { room.with_max_y(room.top() + height) } else { room };
        ui.scope_builder(UiBuilder::new().max_rect(room), |ui| self.lines(ui, height, actions));
    }

    fn lines(&mut self, ui: &mut Ui, height: f32, actions: &mut Actions) {
        let mut list = ListBox::begin(ui, self.world, self.id(), &t!("elections.list"));
        if let Some((at, _)) = list.step(ui, self.chosen, self.rows.len())
            && let Some(row) = self.rows.get(at)
        {
            choose(row, actions);
        }
        let focused = list.has_focus();
        list.show(ui, self.rows.len(), height, |ui, sight, places| {
            for at in sight {
                self.row(ui, at, places.rect(at), focused, actions);
            }
        });
    }

    fn id(&self) -> Id {
        Id::unique(("elections", self.session.id))
    }

    fn row(&mut self, ui: &mut Ui, at: usize, rect: Rect, focused: bool, actions: &mut Actions) {
        let rows = self.rows;
        let Some(row) = rows.get(at) else { return };
        let tokens = theme::tokens(ui);
        let chosen = self.chosen == Some(at);
        let (id, name, cells) = match row {
            Row::Cluster => (ui.scope_id().with("cluster itself"), t!("elections.cluster"), self.cluster()),
            Row::Election(election) => {
                let queue = &election.queue;
                let id = ui.scope_id().with(&queue.name);
                (id, display_short(&queue.name, 400), self.election(election))
            }
        };
        let response = ui.interact(rect, id, Sense::CLICK);
        response.widget_info(|| {
            let mut label = t!(
                "elections.row",
                name = name,
                leader = cells.leader,
                candidates = cells.candidates,
                changes = cells.changes
            )
            .into_owned();
            if cells.alert {
                label = format!("{label}, {}", t!("elections.changes_often"));
            }
            WidgetInfo::selected(Role::ListBoxOption, true, chosen, label)
        });
        row_ground(ui, rect, chosen, response.hovered(), chosen && focused);
        let columns = Columns::of(rect);
        self.name(ui, rect, columns.name, row, cells.alert);
        let y = rect.center().y;
        dot(ui, pos2(columns.leader.0 + 4.0, y), cells.tone);
        let leader = (columns.leader.0 + 16.0, columns.leader.1);
        let colour = if cells.tone == Tone::Danger { tokens.danger } else { tokens.text };
        cell(ui, rect, leader, &cells.leader, &Look::left(text::body(), colour));
        let changes = if cells.alert {
            Look::right(text::mono_strong(), tokens.danger)
        } else {
            Look::right(text::mono_small(), if cells.changes == "0" { tokens.faint } else { tokens.text })
        };
        cell(ui, rect, columns.changes, &cells.changes, &changes);
        if let Some(column) = columns.candidates {
            cell(ui, rect, column, &cells.candidates, &Look::right(text::mono_small(), tokens.second));
        }
        if let Some(column) = columns.since {
            cell(ui, rect, column, &cells.since, &Look::right(text::mono_small(), tokens.second));
        }
        if let Some(holder) = holder_of(row) {
            let lease = holder.meta.lease;
            self.leases.see(lease);
            if let Some((left, right)) = columns.ttl
                && lease != 0
            {
                let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
                let left = ttl::of(self.session, lease, self.world.now);
                ttl::paint(ui, place, left);
            }
        }
        if response.clicked() {
            choose(row, actions);
            ListBox::focus(ui, self.id());
        }
        let leader = cells.leader;
        response.on_hover_ui(|ui| {
            ui.label(tokens.mono(name.as_ref()));
            ui.label(tokens.meta(leader));
        });
    }

    /// What there is of it: an icon where it wants attention or is a guess, and what tells it apart.
    fn name(&self, ui: &Ui, rect: Rect, column: Column, row: &Row<'_>, alert: bool) {
        let tokens = theme::tokens(ui);
        let y = rect.center().y;
        let mut left = column.0;
        let icon = match (alert, row) {
            (true, _) => Some((icons::WARNING, tokens.danger)),
            (false, Row::Cluster) => Some((icons::HARD_DRIVES, tokens.second)),
            (false, Row::Election(_)) => None,
        };
        if let Some((icon, colour)) = icon {
            paint_icon(ui, pos2(left + size::ICON / 2.0, y), icon, size::ICON, colour);
            left += size::ICON + 6.0;
        }
        let Row::Election(election) = row else {
            let words = t!("elections.cluster");
            cell(ui, rect, (left, column.1), &words, &Look::left(text::medium(), tokens.text));
            return;
        };
        let likely = election.queue.confidence == Confidence::Likely;
        let room = column.1 - left - if likely { size::ICON_SMALL + size::GRID } else { 0.0 };
        // What tells elections apart is the end of their names.
        let separator = self.session.keyspace.separator();
        let galley =
            paint_key_tail(ui.painter(), tokens, &election.queue.name, separator, &text::mono(), room);
        let end = left + galley.size().x;
        ui.painter().galley(pos2(left, y - galley.size().y / 2.0), galley, tokens.text);
        if likely {
            paint_icon(ui, pos2(end + size::PAD + 2.0, y), icons::QUESTION, size::ICON_SMALL, tokens.faint);
        }
    }

    fn cluster(&self) -> Cells {
        let leadership = self.session.cluster.leadership().unwrap_or_default();
        let raft = &self.session.raft;
        let settings = &self.session.profile.coordination;
        let now = self.world.now;
        let changes = raft.changes_since(now - i64::from(settings.alert_minutes) * 60_000);
        let tone = match leadership.leader {
            Leader::Member(_) => Tone::Live,
            Leader::Withheld => Tone::Plain,
            Leader::Nobody | Leader::Unreachable => Tone::Danger,
        };
        Cells {
            leader: raft::leader_words(&leadership),
            tone,
            since: lasted(raft.since(), now).unwrap_or_else(|| "–".to_owned()),
            candidates: count_text(self.session.cluster.members.len() as u64),
            changes: count_text(changes as u64),
            alert: settings.is_alert(changes),
        }
    }

    fn election(&self, election: &Election) -> Cells {
        let queue = &election.queue;
        let holder = queue.holder();
        let single = queue.form == ClaimForm::SingleKey;
        Cells {
            leader: holder.map_or_else(|| t!("elections.nobody").into_owned(), |claim| owner_or_lease(claim)),
            tone: if holder.is_some() { Tone::Live } else { Tone::Danger },
            since: holder
                .and_then(|holder| lasted(holder.turn_since, self.session.known_until(self.world.now)))
                .unwrap_or_else(|| "–".to_owned()),
            // Of a single key the others are not seen.
            candidates: if single { "?".to_owned() } else { count_text(queue.claims.len() as u64) },
            changes: changes_text(election.changes),
            alert: election.alert,
        }
    }
}

fn holder_of<'a>(row: &'a Row<'_>) -> Option<&'a crate::model::coordination::Claim> {
    match row {
        Row::Cluster => None,
        Row::Election(election) => election.queue.holder().map(AsRef::as_ref),
    }
}

fn choose(row: &Row<'_>, actions: &mut Actions) {
    actions.push(match row {
        Row::Cluster => Action::ShowRaft,
        Row::Election(election) => Action::ShowQueue(ClaimKind::Election, election.queue.name.clone()),
    });
}

fn header(ui: &mut Ui, minutes: u32) {
    let tokens = theme::tokens(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), size::BAR), Sense::hover());
    let columns = Columns::of(rect);
    let changes = t!("elections.column.changes", minutes = minutes);
    let cells = [
        (Some(columns.name), t!("elections.column.name"), false),
        (Some(columns.leader), t!("elections.leader"), false),
        (columns.since, t!("elections.column.since"), true),
        (columns.candidates, t!("elections.column.candidates"), true),
        (Some(columns.changes), changes, true),
        (columns.ttl, t!("elections.column.ttl"), true),
    ];
    for (column, title, right) in cells {
        if let Some(column) = column {
            let look = Look { font: text::meta_medium(), colour: tokens.faint, right };
            cell(ui, rect, column, &title, &look);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, tokens.line());
}

struct Look {
    font: FontId,
    colour: egui::Color32,
    right: bool,
}

impl Look {
    fn left(font: FontId, colour: egui::Color32) -> Self {
        Self { font, colour, right: false }
    }

    fn right(font: FontId, colour: egui::Color32) -> Self {
        Self { font, colour, right: true }
    }
}

fn cell(ui: &Ui, rect: Rect, (left, right): Column, words: &str, look: &Look) {
    let galley = elided(ui.painter(), words, look.font.clone(), look.colour, right - left);
    let x = if look.right { right - galley.size().x } else { left };
    ui.painter().galley(pos2(x, rect.center().y - galley.size().y / 2.0), galley, look.colour);
}
